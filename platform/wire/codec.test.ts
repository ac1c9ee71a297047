import { serialize } from 'node:v8';
import test from 'ava';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import type { AppDefinition } from '../core/app.ts';
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import { CLIENT_HEADS } from './client-heads.ts';
import { encodeHead, FrameDecoder, PREFIX_BYTES, writePrefix } from './codec.ts';
import { countersOf } from './counters.ts';
import type { Heads } from './heads.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Call, ClientMessage, Feed, NodeMessage } from './messages.ts';
import { NODE_HEADS } from './node-heads.ts';

interface Frame<M> {
  readonly message: M;
  readonly payload: Uint8Array;
}

function frameOf(head: Uint8Array, payload: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  writePrefix(prefix, 0, head.length, payload.length);
  return Buffer.concat([prefix, head, payload]);
}

function encode<M>(heads: Heads<M>, frames: readonly Frame<M>[]): Buffer {
  return Buffer.concat(frames.map(({ message, payload }) => frameOf(encodeHead(heads, message, payload.length), payload)));
}

/** Decodes `bytes` cut into chunks of the sizes that `cuts` repeats. */
function decode<M>(heads: Heads<M>, bytes: Uint8Array, cuts: readonly number[]): Frame<M>[] {
  const frames: Frame<M>[] = [];
  const decoder = new FrameDecoder(heads, (message, payload) => frames.push({ message, payload: new Uint8Array(payload) }));
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = cuts[turn % cuts.length] ?? bytes.length;
    decoder.push(bytes.subarray(at, at + size));
    at += size;
  }
  return frames;
}

const natural = fc.maxSafeNat();
/** Short enough for a name, whatever its characters take. */
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const bytes = fc.uint8Array({ maxLength: 300 });
const empty = fc.constant(new Uint8Array(0));
const cuts = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 20 });

const app: fc.Arbitrary<AppDefinition> = fc.record({
  name: text,
  functions: fc.array(fc.record({ name: text, module: text, export: text, config: fc.anything({ withMap: true, withSet: true }) }), {
    maxLength: 3,
  }),
  buckets: fc.array(fc.record({ name: text }), { maxLength: 3 }),
  triggers: fc.constant([]),
});

const deadlineMs = fc.option(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), { nil: undefined });
const call: fc.Arbitrary<Call> = fc.record({
  type: fc.constant('call'),
  id: natural,
  app: text,
  fn: text,
  answer: fc.constantFrom('first', 'all'),
  deadlineMs,
  trace: fc.boolean(),
});
const feed: fc.Arbitrary<Feed> = fc.record({ type: fc.constant('feed'), id: natural, app: text, fn: text, deadlineMs });

/** A definition with one byte changed. */
const damaged = fc.tuple(app, fc.nat(), fc.nat(255)).map(([app, at, byte]) => {
  const bytes = serialize(app);
  bytes[at % bytes.length] = byte;
  return bytes;
});

function frames<M>(message: fc.Arbitrary<M>, payload: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Frame<M>> {
  return fc.record({ message, payload }, { noNullPrototype: true });
}

const clientFrame: fc.Arbitrary<Frame<ClientMessage>> = fc.oneof(
  frames<ClientMessage>(fc.oneof(call, feed, fc.record({ type: fc.constant('put-bundle' as const), id: natural })), bytes),
  frames<ClientMessage>(
    fc.oneof(
      fc.record({ type: fc.constant('register' as const), id: natural, app }),
      fc.record({ type: fc.constant('unregister' as const), id: natural, app: text }),
      fc.record({ type: fc.constant('cancel' as const), id: natural }),
      fc.record({ type: fc.constant('subscribe' as const), id: natural, app: text, trace: fc.boolean() }),
      fc.record({ type: fc.constant('unsubscribe' as const), id: natural, subscription: natural }),
      fc.record({ type: fc.constant('status' as const), id: natural }),
    ),
    empty,
  ),
);

const addressee = fc.oneof(
  fc.record({ type: fc.constant('result' as const), id: natural }),
  fc.record({ type: fc.constant('event' as const), subscription: natural }),
);
const output = fc.record({ source: text, key: text, group: text, bytes });
const startNs = fc.nat(2 ** 50);
const durationNs = fc.nat(2 ** 50);
const who = fc.record({ fn: text, node: text, executor: natural, attempt: natural, after: text });
const span = fc.tuple(who, startNs, durationNs, durationNs, durationNs).map(([who, readyNs, triggeredNs, waitedNs, ranNs]) => {
  const startedNs = readyNs + triggeredNs + waitedNs;
  return { ...who, readyNs, queuedNs: readyNs + triggeredNs, startedNs, endedNs: startedNs + ranNs };
});
const route = fc.record({ from: text, to: text, bytes: natural, startedNs: startNs });
const transfer = fc.tuple(route, durationNs).map(([route, tookNs]) => ({ ...route, endedNs: route.startedNs + tookNs }));
const trace = fc
  .record({ spans: fc.array(span, { maxLength: 5 }), transfers: fc.array(transfer, { maxLength: 3 }) })
  .map(({ spans, transfers }) => (transfers.length === 0 ? { spans } : { spans, transfers }));
const code = fc.constantFrom<ErrorCode[]>('FUNCTION_FAILED', 'CANCELLED');
const executor = fc.record({
  index: natural,
  state: fc.constantFrom('starting' as const, 'idle' as const, 'busy' as const, 'dying' as const),
});
const nodeStatus = {
  sessions: natural,
  executors: fc.array(executor, { maxLength: 4 }),
  memory: fc.record({ usedBytes: natural, arenaBytes: natural }),
  counters: fc.nat().map((first) => countersOf((name) => first + name.length)),
};

const nodeFrame: fc.Arbitrary<Frame<NodeMessage>> = fc.oneof(
  fc.record({ addressee, outputs: fc.array(output, { maxLength: 5 }), trace }).map(({ addressee, outputs, trace }) => ({
    message: {
      ...addressee,
      outputs: outputs.map(({ source, key, group, bytes }) => ({ source, key, group, size: bytes.length })),
      ...trace,
    },
    payload: new Uint8Array(Buffer.concat(outputs.map((each) => each.bytes))),
  })),
  frames<NodeMessage>(
    fc.oneof(
      fc.record({ type: fc.constant('done' as const), id: natural }),
      fc.record({ type: fc.constant('bundle-stored' as const), id: natural, bundle: text }),
      fc.record({ type: fc.constant('failed' as const), id: natural, code, message: text }),
      fc.record({ type: fc.constant('fault' as const), subscription: natural, code, message: text }),
      fc.record({
        type: fc.constant('status' as const),
        id: natural,
        ...nodeStatus,
        apps: fc.array(text, { maxLength: 4 }),
      }),
      fc.record({
        type: fc.constant('status' as const),
        id: natural,
        ...nodeStatus,
        apps: fc.array(text, { maxLength: 4 }),
        nodes: fc.array(fc.record({ name: text, ...nodeStatus }), { maxLength: 3 }),
      }),
    ),
    empty,
  ),
);

/** What a round trip must give: prototypes and strings' lone surrogates are not part of a message. */
const plain = <T>(value: T): T => structuredClone(value);

for (const [who, heads, frame] of [
  ['client', CLIENT_HEADS, clientFrame],
  ['node', NODE_HEADS, nodeFrame],
] as [string, Heads<unknown>, fc.Arbitrary<Frame<unknown>>][]) {
  test(`every message of a ${who} comes out as it went in, however the stream is split`, (t) => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), cuts, (sent, sizes) => {
        t.deepEqual(decode(heads, encode(heads, sent), sizes), plain(sent));
      }),
      { numRuns: 300 },
    );
  });

  test(`random bytes to a ${who}'s decoder give messages or BAD_MESSAGE, nothing else`, (t) => {
    const packr = new Packr({ useRecords: false });
    const head = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.anything({ withTypedArray: true }).map((value) => new Uint8Array(packr.pack(value))),
      fc.array(fc.oneof(fc.nat(24), fc.anything()), { maxLength: 8 }).map((fields) => new Uint8Array(packr.pack(fields))),
      damaged.map((definition) => new Uint8Array(packr.pack([1, 1, definition]))),
    );
    const stream = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.tuple(head, bytes).map(([head, payload]) => new Uint8Array(frameOf(head, payload))),
    );
    const codes = new Set<string>();
    fc.assert(
      fc.property(stream, cuts, (bytes, sizes) => {
        try {
          decode(heads, bytes, sizes);
        } catch (error) {
          codes.add(error instanceof PheromoneError ? error.code : String(error));
        }
      }),
      { numRuns: 2_000 },
    );
    t.deepEqual([...codes], ['BAD_MESSAGE']);
  });
}

const someCall: Call = { type: 'call', id: 7, app: 'a', fn: 'f', answer: 'first', deadlineMs: undefined, trace: false };
const packed = (fields: unknown): Uint8Array => new Packr({ useRecords: false }).pack(fields);

const lengths = (frame: number, head: number): Uint8Array => new Uint8Array(Uint32Array.of(frame, head).buffer);
const client = (fields: unknown, payloadBytes = 0) => [CLIENT_HEADS, frameOf(packed(fields), Buffer.alloc(payloadBytes))] as const;
const node = (fields: unknown, payloadBytes = 0) => [NODE_HEADS, frameOf(packed(fields), Buffer.alloc(payloadBytes))] as const;

/** A hundred thousand lists, each the only item of the one before. */
const nested = new Uint8Array(100_001).fill(0x91).fill(0xc0, 100_000);

type Malformed = readonly [what: string, sent: readonly [Heads<unknown>, Uint8Array], message: string];
const malformed: readonly Malformed[] = [
  ['a frame above the limit', [CLIENT_HEADS, lengths(1e9 * 2, 1)], 'frame: expected at most 1074790400 bytes, got 2000000000'],
  ['an empty head', [CLIENT_HEADS, lengths(4, 0)], 'frame: expected a head of 1 to 0 bytes, got 0'],
  ['a head longer than its frame', [CLIENT_HEADS, lengths(5, 2)], 'frame: expected a head of 1 to 1 bytes, got 2'],
  ['a frame shorter than its lengths', [CLIENT_HEADS, lengths(0, 1)], 'frame: expected a head of 1 to -4 bytes, got 1'],
  [
    'no msgpack',
    [CLIENT_HEADS, frameOf(Buffer.of(0xc1, 0xc1), Buffer.alloc(0))],
    'head: expected msgpack without extensions, got the tag 193',
  ],
  ['lists in lists in lists', [CLIENT_HEADS, frameOf(nested, Buffer.alloc(0))], 'head: expected msgpack: '],
  ['no array', client({ type: 'hello' }), 'head: expected an array, got object'],
  ['an unknown type', client([99]), 'head: expected the tag of a client message, got 99'],
  ["the other side's type", node([4, 1]), 'head: expected the tag of a node message, got 4'],
  ['a missing field', client([3, 1, 'a', 'f', false, null]), 'call: expected 7 fields, got 6'],
  ['a mistyped field', client([3, 1, 'a', 5, false, null, true]), 'call.fn: expected a name of at most 128 characters, got 5'],
  ['a negative id', client([4, -1]), 'cancel.id: expected a whole number from 0 up, got -1'],
  ['a deadline of 0', client([3, 1, 'a', 'f', false, 0, true]), 'call.deadlineMs: expected a finite number above 0, got 0'],
  ['a definition that is no clone', client([1, 1, Buffer.from('zz')]), 'register.app: expected a structured clone: '],
  ['a definition that is no object', client([1, 1, serialize(5)]), 'register.app: expected an object, got 5'],
  ['a payload where none belongs', client([4, 1], 3), 'payload: expected none with this message, got 3 bytes'],
  ["outputs of another size than the payload's", node([19, 1, ['f', '', '', 4], []], 3), 'outputs: expected sizes that add up'],
  ['half an output', node([19, 1, ['f', ''], []]), 'outputs: expected a multiple of 4 fields, got 2'],
  ["an event whose outputs are not the payload's", node([21, 1, ['f', '', '', 4], []], 5), 'outputs: expected sizes that add up'],
  ['a fault with a payload', node([22, 1, 'CANCELLED', ''], 1), 'payload: expected none with this message, got 1 bytes'],
  ['a fault of no subscription', node([22, null, 'CANCELLED', '']), 'fault.subscription: expected a whole number from 0 up, got null'],
  ['a feed with a field too many', client([6, 1, 'a', 'f', null, true]), 'feed: expected 5 fields, got 6'],
  ['a feed with a deadline of no time', client([6, 1, 'a', 'f', -1]), 'feed.deadlineMs: expected a finite number above 0, got -1'],
  ['a subscription to no app', client([7, 1, null, false]), 'subscribe.app: expected a name of at most 128 characters, got null'],
  [
    'the end of no subscription',
    client([8, 1, 'a']),
    'unsubscribe.subscription: expected a whole number from 0 up, got a string of length 1',
  ],
  [
    'an unknown state',
    node([20, 1, 0, [0, 'tired'], 0, 0, [], [], null]),
    'status.executors.state: expected one of starting, idle, busy, dying',
  ],
];

for (const [what, [heads, bytes], message] of malformed) {
  test(`${what} is refused with what was expected`, (t) => {
    const error = t.throws(() => decode(heads, bytes, [1]), { instanceOf: PheromoneError });
    t.is(error?.code, 'BAD_MESSAGE');
    t.true(error?.message.startsWith(message), error?.message);
  });
}

test('a message that lies wholly in one chunk is not copied, one that is split owns its memory', (t) => {
  const stream = encode(CLIENT_HEADS, [{ message: someCall, payload: Uint8Array.of(1, 2, 3) }]);
  const seen: [payload: Uint8Array, isOwn: boolean][] = [];
  const decoder = new FrameDecoder(CLIENT_HEADS, (_, payload, isOwn) => seen.push([payload, isOwn]));
  decoder.push(stream);
  decoder.push(stream.subarray(0, -1));
  decoder.push(stream.subarray(-1));
  const [whole, split] = seen;
  t.is(whole?.[0].buffer, stream.buffer);
  t.false(whole?.[1]);
  t.is(split?.[0].buffer.byteLength, 3);
  t.true(split?.[1]);
});

test('the largest object goes through in a frame and one byte above the limit of frames does not', (t) => {
  t.notThrows(() => encodeHead(CLIENT_HEADS, someCall, 1_073_741_824));
  const error = t.throws(() => encodeHead(CLIENT_HEADS, someCall, WIRE_LIMITS.frameBytes), { instanceOf: PheromoneError });
  t.is(error?.code, 'OBJECT_TOO_LARGE');
});

test('a definition that cannot be cloned is refused before anything is sent', (t) => {
  const fn = { name: 'f', module: 'm', export: 'f', config: { act: () => 1 } };
  const message: ClientMessage = { type: 'register', id: 1, app: { name: 'a', functions: [fn], buckets: [], triggers: [] } };
  const error = t.throws(() => encodeHead(CLIENT_HEADS, message, 0), { instanceOf: PheromoneError });
  t.is(error?.code, 'INVALID_ARGUMENT');
});
