import test from 'ava';
import fc from 'fast-check';
import { PheromoneError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { ALIGN_BYTES, GRANULE_BYTES, reserveMemory, type StoreMemory } from './memory.ts';
import { NO_BUCKET, NO_FUNCTION, ObjectStore } from './objects.ts';
import { SessionTable } from './sessions.ts';

const SLOT = 5;
const UNLABELLED = { source: NO_FUNCTION, bucket: NO_BUCKET, key: '', group: '', metadata: '' };

interface Opened {
  readonly memory: StoreMemory;
  readonly table: SessionTable;
  readonly epoch: number;
  /** The store as a thread sees it. */
  readonly as: (thread: number) => ObjectStore;
}

/** A session in memory of a few granules. */
function open(granules = 16): Opened {
  const memory = reserveMemory({ arenaBytes: granules * GRANULE_BYTES });
  const table = new SessionTable(memory);
  return { memory, table, epoch: table.open(SLOT, 0, true), as: (thread) => new ObjectStore(memory, table, thread) };
}

function bytesOf(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 255);
}

test('what one thread sends, every thread reads, labels in any script included', (t) => {
  const { as, epoch } = open();
  const text = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.constantFrom('', 'ключ', '鍵', '🔑|\0'),
  );
  const [writer, reader] = [as(1), as(63)];
  fc.assert(
    fc.property(text, text, text, fc.uint8Array({ maxLength: 300 }), fc.nat(9_999), (key, group, metadata, payload, bucket) => {
      const ref = writer.add(SLOT, epoch, payload, { source: 3, bucket, key, group, metadata }, 1e15 + 1);
      t.deepEqual(reader.label(ref), { source: 3, bucket, key, group, metadata });
      t.deepEqual(Uint8Array.from(reader.payload(ref)), payload);
      t.is(reader.sentNs(ref), 1e15 + 1);
      t.deepEqual(Uint8Array.from(reader.payload(reader.find(SLOT, bucket, key))), payload);
    }),
    { numRuns: 60 },
  );
});

test('pieces are aligned, do not overlap, and lie in memory, whatever their sizes', (t) => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(100), fc.nat(40_000), fc.nat(200_000)), { maxLength: 20 }), (sizes) => {
      const { as, epoch, memory } = open(64);
      const stores = [as(1), as(2)];
      const pieces = sizes.map((size, i) => (stores[i % 2] as ObjectStore).allocate(SLOT, epoch, size)).filter(({ length }) => length > 0);
      pieces.sort((a, b) => a.byteOffset - b.byteOffset);
      return pieces.every(({ byteOffset, length }, i) => {
        const next = pieces[i + 1]?.byteOffset ?? memory.arena.byteLength;
        return byteOffset % ALIGN_BYTES === 0 && byteOffset + length <= next;
      });
    }),
  );
  t.pass();
});

test('an empty payload takes no memory and is read as empty', (t) => {
  const { as, epoch } = open();
  const store = as(1);
  t.is(store.allocate(SLOT, epoch, 0).length, 0);
  t.is(store.allocator.usedBytes, 0);
  t.is(store.payload(store.add(SLOT, epoch, new Uint8Array(0), UNLABELLED, 1)).length, 0);
});

test('100 MB are created, filled and sent without a copy, and given back with their session', (t) => {
  const { as, epoch, table } = open(1_600);
  const [sender, receiver] = [as(1), as(2)];
  const payload = sender.allocate(SLOT, epoch, 100_000_000);
  payload[0] = 7;
  payload[99_999_999] = 9;
  const received = receiver.payload(sender.add(SLOT, epoch, payload, UNLABELLED, 1));
  t.is(received.byteOffset, payload.byteOffset);
  t.deepEqual([received.length, received[0], received[99_999_999]], [100_000_000, 7, 9]);
  receiver.allocator.release(SLOT);
  table.release(SLOT);
  t.is(sender.allocator.usedBytes, 0);
});

test('passing on what was received copies nothing, and bytes from elsewhere are copied', (t) => {
  const { as, epoch } = open();
  const store = as(1);
  const own = bytesOf(1_000);
  const first = store.add(SLOT, epoch, own, UNLABELLED, 1);
  own.fill(0);
  t.deepEqual(Uint8Array.from(store.payload(first)), bytesOf(1_000));
  const passedOn = store.add(SLOT, epoch, store.payload(first).subarray(10, 20), UNLABELLED, 2);
  t.is(store.payload(passedOn).byteOffset, store.payload(first).byteOffset + 10);
});

test('an object is found by bucket and key, the one sent last, by whatever thread', (t) => {
  const { as, epoch } = open();
  const [a, b] = [as(1), as(40)];
  const send = (store: ObjectStore, bucket: number, key: string, sentNs: number): number =>
    store.add(SLOT, epoch, bytesOf(4), { ...UNLABELLED, bucket, key }, sentNs);
  const old = send(a, 1, 'k', 10);
  t.is(b.find(SLOT, 1, 'k'), old);
  const later = send(b, 1, 'k', 20);
  send(a, 2, 'k', 30);
  send(a, 1, 'K', 40);
  t.is(a.find(SLOT, 1, 'k'), later);
  t.is(a.find(SLOT, 1, 'kk'), -1);
  t.is(a.find(SLOT, 3, 'k'), -1);
  const last = send(a, 1, 'k', 50);
  t.is(b.find(SLOT, 1, 'k'), last);
});

test('keys whose hashes are the same are told apart', (t) => {
  const { as, epoch } = open();
  const store = as(1);
  const keys = ['59y5d9-1xs2pnk', '6o5mdg-2g82l3l'];
  const [one, other] = keys.map((key) => store.add(SLOT, epoch, bytesOf(1), { ...UNLABELLED, bucket: 0, key }, 1));
  t.deepEqual(
    keys.map((key) => store.find(SLOT, 0, key)),
    [one, other],
  );
});

test('sizes and labels beyond their limits are refused by what they are, and nothing is kept of them', (t) => {
  const { as, epoch } = open();
  const store = as(1);
  const code = (action: () => unknown): string | undefined => t.throws(action, { instanceOf: PheromoneError })?.code;
  for (const size of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
    t.is(
      code(() => store.allocate(SLOT, epoch, size)),
      'INVALID_ARGUMENT',
    );
  t.is(
    code(() => store.allocate(SLOT, epoch, LIMITS.objectBytes + 1)),
    'OBJECT_TOO_LARGE',
  );
  t.is(
    code(() => store.allocate(SLOT, epoch, 17 * GRANULE_BYTES)),
    'OUT_OF_MEMORY',
  );
  const key = 'é'.repeat(LIMITS.keyBytes / 2);
  const ref = store.add(SLOT, epoch, new Uint8Array(0), { ...UNLABELLED, key, group: key }, 1);
  t.is(store.key(ref), key);
  for (const more of [{ key: `${key}.` }, { group: `${key}.` }, { metadata: '.'.repeat(LIMITS.metadataBytes + 1) }]) {
    t.is(
      code(() => store.add(SLOT, epoch, new Uint8Array(0), { ...UNLABELLED, ...more }, 1)),
      'INVALID_ARGUMENT',
    );
  }
});

test('lists of references are read as they were written', (t) => {
  const { as, epoch } = open();
  const refs = Array.from({ length: 20_000 }, (_, i) => i * 3);
  const list = as(1).addList(SLOT, epoch, refs);
  t.deepEqual(as(2).readList(list, refs.length), refs);
});

test('spans of all threads are there, and one that has not ended says so', (t) => {
  const { as, epoch } = open();
  const [a, b] = [as(1), as(2)];
  const of = (fn: number) => ({ fn, attempt: 2, after: NO_FUNCTION, readyNs: 80, queuedNs: 90 });
  const [ended, running] = [a.spans.add(SLOT, epoch, of(3)), b.spans.add(SLOT, epoch, of(4))];
  a.spans.start(ended, 100);
  a.spans.end(ended, 200);
  b.spans.start(running, 150);
  t.deepEqual(
    as(3)
      .spans.of(SLOT)
      .toSorted((x, y) => x.fn - y.fn),
    [
      { ...of(3), thread: 1, startedNs: 100, endedNs: 200 },
      { ...of(4), thread: 2, startedNs: 150, endedNs: 0 },
    ],
  );
});

test('of several inputs the one sent last is told, of none none', (t) => {
  const { as, epoch } = open();
  const store = as(1);
  const sent = (sentNs: number) => store.add(SLOT, epoch, new Uint8Array(1), UNLABELLED, sentNs);
  const [first, last, between] = [sent(20), sent(40), sent(30)];
  t.is(store.lastSent(store.addList(SLOT, epoch, [first, last, between]), 3), last);
  t.is(store.lastSent(between, 1), between);
  t.is(store.lastSent(store.addList(SLOT, epoch, []), 0), -1);
});

test('a reference from outside is taken for an object of a session only where its record and its bytes lie in its memory', (t) => {
  const memory = reserveMemory({ arenaBytes: 2 ** 22 });
  const table = new SessionTable(memory);
  const objects = new ObjectStore(memory, table, 0);
  const label = { source: 0, bucket: 0, key: '', group: '', metadata: '' };
  const epochs = [0, 1].map((slot) => table.open(slot, 0, false)) as [number, number];
  const own = objects.add(0, epochs[0], Buffer.from('own'), label, 1);
  const empty = objects.add(0, epochs[0], new Uint8Array(0), label, 1);
  const large = objects.add(0, epochs[0], new Uint8Array(200_000), label, 1);
  const others = objects.add(1, epochs[1], Buffer.from('others'), label, 1);
  t.deepEqual(
    [own, empty, large].map((ref) => objects.isOf(0, ref)),
    [true, true, true],
  );
  t.deepEqual(
    [others, 2 ** 18 - 1, 2 ** 18, 2 ** 50].map((ref) => objects.isOf(0, ref)),
    [false, false, false, false],
  );
  for (let ref = 0; ref < 2 ** 14; ref++) if (objects.isOf(0, ref)) t.notThrows(() => objects.payload(ref));
});
