import test from 'ava';
import { casesOf, splitSweeps } from './cases.ts';

const chain = (cases: Record<string, number>[]) => ({ workloads: [{ name: 'chain', title: 'Chain', cases }] });

test('two values of a parameter stand side by side, three make a sweep', (t) => {
  t.is(splitSweeps(chain([{ length: 2 }, { length: 100 }])).sweeps.length, 0);
  const { sweeps, single } = splitSweeps(chain([{ length: 100 }, { length: 2 }, { length: 1_000 }]));
  t.is(single.length, 0);
  t.deepEqual(
    sweeps.map(({ parameter, fixed, cases }) => [parameter, fixed, cases.map((each) => each.parameters.length)]),
    [['length', '', [2, 100, 1_000]]],
  );
});

test('a grid is swept along each parameter, once for each value of the other', (t) => {
  const grid = [2, 10, 100].flatMap((length) => [8, 1_000, 1_000_000].map((payloadBytes) => ({ length, payloadBytes })));
  const { sweeps, single } = splitSweeps(chain(grid));
  t.is(single.length, 0);
  t.deepEqual(
    sweeps.map(({ parameter, fixed }) => `${parameter}: ${fixed}`),
    [
      'length: payload 8 B',
      'length: payload 1 kB',
      'length: payload 1 MB',
      'payloadBytes: length 2',
      'payloadBytes: length 10',
      'payloadBytes: length 100',
    ],
  );
});

test('a case off the sweep stands alone', (t) => {
  const { sweeps, single } = splitSweeps(
    chain([
      { length: 2, maps: 1 },
      { length: 3, maps: 1 },
      { length: 4, maps: 1 },
      { length: 9, maps: 7 },
    ]),
  );
  t.is(sweeps.length, 1);
  t.deepEqual(
    single.map(({ label }) => label),
    ['Chain · length 9 · maps 7'],
  );
});

test('the same parameters in another order are the same case', (t) => {
  t.is(
    casesOf(
      chain([
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ]),
    ).length,
    1,
  );
});
