import test from 'ava';
import { type Invocation, Ledger, NONE, reserveLedger } from '../executor/ledger.ts';
import { LANES, SCHEDULER } from '../store/memory.ts';
import { Lanes } from './lanes.ts';

const EXECUTOR = LANES;

/** Lanes where a session's slot is its app, and what an executor claims from them in turn. */
function lanesOf() {
  const buffer = reserveLedger();
  const executor = new Ledger(buffer, EXECUTOR);
  const entry: Invocation = invocationOf(0);
  let next = 0;
  const claim = (): number | undefined => {
    for (let i = 0; i < LANES; i++) {
      const lane = (next + i) % LANES;
      const id = executor.claim(lane);
      if (id === NONE) continue;
      next = lane + 1;
      executor.read(id, entry);
      executor.finish(id, EXECUTOR);
      return entry.slot;
    }
    return undefined;
  };
  return { lanes: new Lanes(new Ledger(buffer, SCHEDULER), (slot) => slot), claim };
}

function invocationOf(slot: number, fn = 0): Invocation {
  return { slot, epoch: 0, fn, inputs: 0, inputCount: 1, attempt: 1, dueMs: 0 };
}

test('the invocation of an app does not wait behind many of another', (t) => {
  const { lanes, claim } = lanesOf();
  for (let i = 0; i < 20_000; i++) lanes.add(invocationOf(7));
  lanes.add(invocationOf(8));
  t.true([claim(), claim()].includes(8));
});

test('all that is added is published once, beyond the room of a lane, too', (t) => {
  const { lanes, claim } = lanesOf();
  for (let i = 0; i < 40_000; i++) lanes.add(invocationOf(1));
  let claimed = 0;
  do while (claim() !== undefined) claimed++;
  while (lanes.advance(0));
  t.is(claimed, 40_000);
});

test('with more apps than lanes each has its turn', (t) => {
  const { lanes, claim } = lanesOf();
  const apps = LANES * 3;
  for (let i = 0; i < 500; i++) for (let app = 0; app < apps; app++) lanes.add(invocationOf(app));
  const claimed = new Array<number>(apps).fill(0);
  for (let i = 0; i < 500 * apps; i++) {
    lanes.advance(0);
    const app = claim();
    if (app === undefined) break;
    claimed[app] = (claimed[app] as number) + 1;
    // The apps that hold the lanes at first go on adding.
    if (app < LANES && i < 10_000) lanes.add(invocationOf(app));
    if (claimed.every((count) => count > 0)) break;
  }
  t.true(
    claimed.every((count) => count > 0),
    `${claimed}`,
  );
});

test('an app under whose invocations executors go on dying is held back, for longer and longer, and no other', (t) => {
  const { lanes, claim } = lanesOf();
  let nowMs = 0;
  const holds: number[] = [];
  for (let death = 0; death < 30; death++) {
    lanes.crashed(1, nowMs);
    holds.push(lanes.heldUntilMs(1) - nowMs);
    nowMs = lanes.heldUntilMs(1);
  }
  t.is(holds[0], 0, 'a death now and then is of no consequence');
  t.deepEqual(
    holds,
    holds.toSorted((a, b) => a - b),
  );
  t.is(holds.at(-1), 1_000);
  lanes.crashed(1, nowMs);
  lanes.add(invocationOf(1));
  lanes.add(invocationOf(2));
  lanes.advance(nowMs);
  t.is(claim(), 2);
  t.is(claim(), undefined);
  t.is(lanes.dueMs(nowMs), nowMs + 1_000);
  lanes.advance(nowMs + 1_000);
  t.is(claim(), 1);
  lanes.crashed(1, nowMs + 10_000);
  t.is(lanes.heldUntilMs(1), nowMs + 10_000, 'after a while without deaths all is forgotten');
});
