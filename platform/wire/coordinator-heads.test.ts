import test from 'ava';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { PheromoneError } from '../core/errors.ts';
import type { CoordinatorMessage, NamedLabel, WorkerMessage } from './coordinator-messages.ts';
import { COORDINATOR_SIDE, WORKER_SIDE } from './coordinator-protocol.ts';
import type { Heads } from './heads.ts';

const packr = new Packr({ useRecords: false, structuredClone: false, int64AsType: 'number' });

/** What comes out at the other end. */
function across<M>(heads: Heads<M>, message: M, payloadBytes: number): M {
  return heads.fromFields(packr.unpack(packr.pack(heads.toFields(message))), payloadBytes);
}

const id = fc.maxSafeNat();
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const app = fc.constant({ name: 'a', functions: [], buckets: [{ name: 'b' }], triggers: [] });
const texts = <K extends string>(...names: readonly K[]) =>
  fc.tuple(...names.map(() => text)).map((values) => Object.fromEntries(names.map((name, i) => [name, values[i]])) as Record<K, string>);
const label: fc.Arbitrary<NamedLabel> = texts('source', 'bucket', 'key', 'group', 'metadata');
const sized = fc.tuple(label, fc.nat(1_000_000)).map(([rest, size]) => ({ ...rest, size }));
const deadlineMs = fc.option(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), { nil: undefined });

const fromCoordinator: fc.Arbitrary<CoordinatorMessage> = fc.oneof(
  fc.record({ type: fc.constant('install' as const), id, version: id, app }),
  fc.record({
    ...{ type: fc.constant('open' as const), id, app: text, version: id, fn: text, deadlineMs, trace: fc.boolean() },
    objects: fc.array(sized, { maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('placed' as const), id, node: text, count: id, leaseMs: id }),
  fc.record({ type: fc.constant('taken' as const), id }),
  fc.record({ type: fc.constant('refusal' as const), id, code: fc.constant('OVERLOADED' as const), message: text }),
  fc.record({ type: fc.constant('cancel' as const), id }),
);

const fromWorker: fc.Arbitrary<WorkerMessage> = fc.oneof(
  fc.record({
    type: fc.constant('apps' as const),
    apps: fc.array(fc.record({ name: text, version: id, definition: app }), { maxLength: 3 }),
  }),
  fc.record({
    ...{ type: fc.constant('load' as const), idle: id, executors: id, waiting: id, sessions: id },
    ...{ usedBytes: id, arenaBytes: id, draining: fc.boolean() },
  }),
  fc.record({
    ...{ type: fc.constant('place' as const), id, app: text, fn: text, count: id },
    inputs: fc.array(fc.record({ node: text, bytes: id }), { maxLength: 4 }),
    exclude: fc.array(text, { maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('app-object' as const), id, app: text, version: id, label, session: id }),
  fc.record({ type: fc.constant('app-object' as const), id, app: text, version: id, label, session: id, triggers: fc.array(text) }),
  fc.record({ type: fc.constant('declined' as const), id, message: text }),
  fc.record({ type: fc.constant('done' as const), id }),
);

test('what a coordinator sends reaches a worker as it was', (t) => {
  fc.assert(
    fc.property(fromCoordinator, (message) => {
      const payloadBytes = message.type === 'open' ? message.objects.reduce((sum, { size }) => sum + size, 0) : 0;
      t.deepEqual(across(COORDINATOR_SIDE.sends, message, payloadBytes), message);
    }),
    { numRuns: 300 },
  );
});

test('what a worker sends reaches a coordinator as it was', (t) => {
  fc.assert(
    fc.property(fromWorker, (message) => {
      t.deepEqual(across(WORKER_SIDE.sends, message, message.type === 'app-object' ? 77 : 0), message);
    }),
    { numRuns: 300 },
  );
});

const ANY_FIELD = fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), text, fc.array(fc.oneof(fc.integer(), text), { maxLength: 13 }));

test('heads that no coordinator and no worker would send are refused with BAD_MESSAGE', (t) => {
  const tag = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.constant(null));
  fc.assert(
    fc.property(tag, fc.array(ANY_FIELD, { maxLength: 9 }), fc.nat(3), (first, rest, payloadBytes) => {
      for (const heads of [COORDINATOR_SIDE.receives, WORKER_SIDE.receives] as Heads<unknown>[]) {
        try {
          heads.fromFields([first, ...rest], payloadBytes);
        } catch (error) {
          t.true(error instanceof PheromoneError && error.code === 'BAD_MESSAGE', String(error));
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

test('an opening whose objects do not add up to its payload is refused', (t) => {
  const open: CoordinatorMessage = {
    ...{ type: 'open', id: 1, app: 'a', version: 1, fn: 'f', deadlineMs: undefined, trace: false },
    objects: [{ source: '', bucket: 'b', key: '', group: '', metadata: '', size: 5 }],
  };
  const error = t.throws(() => across(COORDINATOR_SIDE.sends, open, 4), { instanceOf: PheromoneError });
  t.is(error?.message, "open.objects: expected sizes that add up to the payload's 4, got 5");
});

test("neither side takes its own kind of messages for the other's", (t) => {
  const heads: Heads<unknown> = WORKER_SIDE.receives;
  const error = t.throws(() => heads.fromFields(WORKER_SIDE.sends.toFields({ type: 'declined', id: 1, message: '' }), 0));
  t.regex(error?.message ?? '', /expected the tag of a client message/);
});
