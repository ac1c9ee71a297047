import test from 'ava';
import { Overtaken } from './overtaken.ts';

test('What was to end before it came is told once, when it comes', (t) => {
  const overtaken = new Overtaken();
  overtaken.add('a');
  t.deepEqual(
    ['b', 'a', 'a'].map((id) => overtaken.take(id)),
    [false, true, false],
  );
});

test('The oldest ids are forgotten', (t) => {
  const overtaken = new Overtaken();
  for (let id = 0; id <= 1_000; id++) overtaken.add(`${id}`);
  t.false(overtaken.take('0'));
  t.true(overtaken.take('1'));
});
