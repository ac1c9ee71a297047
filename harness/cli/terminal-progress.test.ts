import { PassThrough } from 'node:stream';
import test from 'ava';
import { describeLeft, linesOn } from './terminal-progress.ts';

test('the time left is told in words that do not flicker', (t) => {
  t.is(describeLeft(undefined), 'estimating');
  t.is(describeLeft(400), 'nearly done');
  t.is(describeLeft(41_200), 'about 42 s left');
  t.is(describeLeft(150_000), 'about 3 min left');
});

test('where there is no terminal, notes and now and then a line are written, and no control characters', (t) => {
  const stream = new PassThrough({ encoding: 'utf8' });
  const progress = linesOn(stream);
  progress.note('starting A');
  for (let i = 0; i < 100; i++) progress.update({ phase: `round ${i + 1} of 100`, done: i / 100, leftMs: 1_500 });
  progress.end();
  t.is(stream.read(), 'starting A\nround 1 of 100, 0 %, about 2 s left\n');
});
