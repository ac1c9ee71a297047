import test from 'ava';
import { refusedBy, unknownName } from './input-error.ts';

test('the error for an unknown name says what was expected, what came, and what was probably meant', (t) => {
  const known = ['null', 'http', 'pheromone'];
  const start = 'unknown platform: expected one of null, http, pheromone, got';
  t.is(unknownName('platform', 'htpp', known).message, `${start} "htpp"; did you mean "http"?`);
  t.is(unknownName('platform', 'pheromon', known).message, `${start} "pheromon"; did you mean "pheromone"?`);
  t.is(unknownName('platform', 'zebra', known).message, `${start} "zebra"`);
});

test('the error for a refused file names the path, what was expected there and the code of the system', (t) => {
  const refusal = Object.assign(new Error('long words'), { code: 'ENOTDIR' });
  t.is(refusedBy(refusal, 'a/b', 'a folder').message, 'a/b: expected a folder, got ENOTDIR');
});
