import test from 'ava';
import { StartedRuns } from './started-runs.ts';

const FN = 3;
const started = (inputs: number, attempt: number) => ({ fn: FN, inputs, inputCount: 1, attempt });

test('a run beyond the first attempt belongs to the earlier one with the same function and inputs', (t) => {
  const runs = new StartedRuns();
  const [one, other] = [runs.add(started(7, 1), [7]), runs.add(started(8, 1), [8])];
  t.like(runs.add(started(7, 2), [7]), { invocation: 2, first: one.invocation });
  t.like(runs.add(started(8, 3), [8]), { invocation: 3, first: other.invocation });
  t.like(runs.add({ ...started(7, 2), fn: FN + 1 }, [7]), { first: 4 });
});

test('the same inputs in another list are the same', (t) => {
  const runs = new StartedRuns();
  const list = { fn: FN, inputs: 100, inputCount: 2, attempt: 1 };
  runs.add(list, [7, 8]);
  t.is(runs.add({ ...list, inputs: 200, attempt: 2 }, [7, 8]).first, 0);
  t.is(runs.add({ ...list, inputs: 300, attempt: 2 }, [8, 7]).first, 2);
});

test('a run that is known to belong to an earlier one makes its own inputs known as those of it', (t) => {
  const runs = new StartedRuns();
  runs.add(started(7, 1), [7]);
  t.is(runs.add(started(9, 2), [9], 0).first, 0);
  t.is(runs.firstOf(FN, [9]), 0);
  t.is(runs.add(started(9, 3), [9]).first, 0);
});

test('two invocations with the same inputs are two', (t) => {
  const runs = new StartedRuns();
  t.is(runs.add(started(7, 1), [7]).first, 0);
  t.is(runs.add(started(7, 1), [7]).first, 1);
});

test('a thread names its runs by their entries, the latest of each, and of a function that is told of alone', (t) => {
  const runs = new StartedRuns();
  const [one, two, three] = [runs.add(started(7, 1), [7]), runs.add(started(8, 1), [8]), runs.add(started(9, 1), [9])];
  runs.hold(1, 50, one);
  runs.hold(2, 50, two);
  t.is(runs.of(1, 50, FN), one);
  t.is(runs.of(2, 50, FN), two);
  runs.hold(1, 50, three);
  t.is(runs.of(1, 50, FN), three);
  t.is(runs.of(1, 50, FN + 1), undefined);
  t.is(runs.of(1, 51, FN), undefined);
  t.is(runs.at(1), two);
});
