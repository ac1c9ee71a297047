import test from 'ava';
import { editDistance, nearest, unknownName } from './input-error.ts';

test('the edit distance counts insertions, deletions and replacements', (t) => {
  t.is(editDistance('kitten', 'sitting'), 3);
  t.is(editDistance('', 'abc'), 3);
  t.is(editDistance('same', 'same'), 0);
});

test('a near miss finds the name that was meant', (t) => {
  t.is(nearest('pheromon', ['http', 'pheromone']), 'pheromone');
  t.is(nearest('payloadbytes', ['length', 'payloadBytes']), 'payloadBytes');
});

test('a name that is near to none finds none', (t) => {
  t.is(nearest('zebra', ['http', 'pheromone']), undefined);
});

test('the error for an unknown name says what was expected, what came, and what was probably meant', (t) => {
  t.is(
    unknownName('platform', 'htpp', ['null', 'http']).message,
    "unknown platform: expected one of null, http, got 'htpp'; did you mean http?",
  );
  t.is(unknownName('platform', 'zebra', ['null', 'http']).message, "unknown platform: expected one of null, http, got 'zebra'");
});
