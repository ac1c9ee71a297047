import test from 'ava';
import fc from 'fast-check';
import { type PlaceableWorker, Placement, type PlaceRequest, type WorkerLoad } from './placement.ts';

const LATER_MS = 1_000;

function worker(name: string, more: Partial<PlaceableWorker> = {}): PlaceableWorker {
  return { name, labels: [], executors: 4, draining: false, ...more };
}

function load(more: Partial<WorkerLoad> = {}): WorkerLoad {
  return { idle: 4, waiting: 0, usedBytes: 0, arenaBytes: 1_000, draining: false, ...more };
}

function request(more: Partial<PlaceRequest> = {}): PlaceRequest {
  return { app: 'a', fn: 'f', count: 1, inputs: [], nowMs: 0, ...more };
}

/** Workers `w0`, `w1` and so on with these loads. */
function placementOf(...loads: Partial<WorkerLoad>[]): Placement {
  const placement = new Placement();
  for (const [index, of] of loads.entries()) {
    placement.set(worker(`w${index}`));
    placement.report(`w${index}`, load(of));
  }
  return placement;
}

test('an idle executor beats a warm function, and a warm function the place of the inputs', (t) => {
  const placement = placementOf({}, {});
  t.deepEqual(placement.place(request()), { node: 'w0', count: 1 });
  placement.over('w0', 1);
  t.is(placement.place(request({ inputs: [{ node: 'w1', bytes: 9 }] }))?.node, 'w0');
  placement.report('w0', load({ idle: 0 }));
  t.is(placement.place(request())?.node, 'w1');
});

test('where all is equal otherwise, work goes to where most bytes of its inputs are', (t) => {
  const inputs = [
    { node: 'w1', bytes: 10 },
    { node: 'w2', bytes: 6 },
    { node: 'w2', bytes: 6 },
  ];
  t.is(placementOf({}, {}, {}).place(request({ inputs }))?.node, 'w2');
});

test('where nobody is idle, a short queue is put up with for a warm function, a long one is not', (t) => {
  const placement = placementOf({}, {});
  placement.place(request());
  placement.report('w1', load({ idle: 0 }));
  placement.report('w0', load({ idle: 0, waiting: 1 }));
  t.is(placement.place(request({ nowMs: LATER_MS }))?.node, 'w0');
  placement.report('w0', load({ idle: 0, waiting: 50 }));
  t.is(placement.place(request({ nowMs: 2 * LATER_MS }))?.node, 'w1');
  t.is(placement.place(request({ nowMs: 3 * LATER_MS, onlyIdle: true })), undefined);
});

test('a worker whose memory the inputs would fill is the last resort', (t) => {
  const inputs = [{ node: 'elsewhere', bytes: 200 }];
  t.is(placementOf({ usedBytes: 800 }, { idle: 0, waiting: 50 }).place(request({ inputs }))?.node, 'w1');
  t.is(placementOf({ usedBytes: 800 }).place(request({ inputs }))?.node, 'w0');
});

test('many invocations go to where most of them can begin, and no more of them than that', (t) => {
  const placement = placementOf({ idle: 1 }, { idle: 3 });
  t.deepEqual(placement.place(request({ count: 10 })), { node: 'w1', count: 3 });
  t.deepEqual(placement.place(request({ count: 7 })), { node: 'w0', count: 1 });
  t.is(placement.place(request({ count: 6 }))?.count, 1);
});

test('what was just placed counts until it is over, or until the load is sure to tell', (t) => {
  const placement = placementOf({ idle: 1 }, { idle: 1 });
  const nodes = (nowMs: number) => [0, 1].map(() => placement.place(request({ nowMs, onlyIdle: true }))?.node);
  t.deepEqual(nodes(0), ['w0', 'w1']);
  t.deepEqual(nodes(0), [undefined, undefined]);
  placement.over('w1', 1);
  t.deepEqual(nodes(0), ['w1', undefined]);
  t.deepEqual(nodes(LATER_MS).sort(), ['w0', 'w1']);
});

test('what had run of an app that is replaced is warm no longer, nor is a worker that is gone', (t) => {
  const placement = placementOf({}, {});
  const second = request({ inputs: [{ node: 'w1', bytes: 1 }], nowMs: LATER_MS });
  placement.place(request());
  placement.forget('a');
  t.is(placement.place(second)?.node, 'w1');
  placement.remove('w1');
  t.is(placement.place(second)?.node, 'w0');
  placement.remove('w0');
  t.is(placement.place(second), undefined);
});

const LABELS = ['gpu', 'fast', 'near'];
const workers = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom(...'abcdefgh'),
    labels: fc.subarray(LABELS),
    executors: fc.integer({ min: 1, max: 8 }),
    draining: fc.boolean(),
  }),
  { selector: ({ name }) => name },
);
const loads = fc.record({
  idle: fc.nat(4),
  waiting: fc.nat(20),
  usedBytes: fc.nat(500),
  arenaBytes: fc.constant(1_000_000),
  draining: fc.boolean(),
});
const requests = fc.record({
  app: fc.constantFrom('a', 'b'),
  fn: fc.constantFrom('f', 'g'),
  requires: fc.subarray(LABELS, { maxLength: 1 }),
  count: fc.integer({ min: 1, max: 8 }),
  inputs: fc.array(fc.record({ node: fc.constantFrom(...'abcdefgh'), bytes: fc.nat(10_000) }), { maxLength: 3 }),
  exclude: fc.subarray([...'abcdefgh'], { maxLength: 2 }),
  nowMs: fc.constant(0),
});

test('work goes to a worker that may have it, if there is one, and to an idle one, if there is one', (t) => {
  fc.assert(
    fc.property(workers, fc.array(loads, { minLength: 8, maxLength: 8 }), fc.array(requests), (all, reports, asked) => {
      for (const one of asked) {
        const placement = new Placement();
        const fit = all.filter((candidate, index) => {
          const report = reports[index]!;
          placement.set(candidate);
          placement.report(candidate.name, report);
          const isOut = candidate.draining || report.draining || one.exclude.includes(candidate.name);
          return !isOut && one.requires.every((label) => candidate.labels.includes(label));
        });
        const placing = placement.place(one);
        const idleOf = (name: string) => reports[all.findIndex((candidate) => candidate.name === name)]!.idle;
        t.is(placing === undefined, fit.length === 0);
        if (placing === undefined) continue;
        t.true(fit.some(({ name }) => name === placing.node));
        if (fit.some(({ name }) => idleOf(name) > 0)) t.true(idleOf(placing.node) > 0);
        t.is(placing.count, Math.min(one.count, Math.max(1, idleOf(placing.node))));
      }
    }),
    { numRuns: 300 },
  );
});

test('equals take turns', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 40 }), (size, rounds) => {
      const placement = placementOf(...Array.from({ length: size }, () => ({})));
      const counts = new Map<string, number>();
      for (let round = 0; round < rounds; round++) {
        // Another app each time: nothing is warm.
        const { node } = placement.place(request({ app: `app-${round}` }))!;
        placement.over(node, 1);
        counts.set(node, (counts.get(node) ?? 0) + 1);
      }
      const least = counts.size < size ? 0 : Math.min(...counts.values());
      t.true(Math.max(...counts.values()) - least <= 1);
    }),
  );
});
