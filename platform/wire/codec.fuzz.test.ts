import { connect } from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { PheromoneError } from '../core/errors.ts';
import { CLIENT_SIDE, NODE_SIDE } from './client-protocol.ts';
import { encodeHead, FrameDecoder, PREFIX_BYTES, SIGNAL, writePrefix, writeSignal } from './codec.ts';
import { COORDINATOR_SIDE, WORKER_SIDE } from './coordinator-protocol.ts';
import { dial, listen } from './greeting.ts';
import { GREETING_PROTOCOL, type GreetingMessage, PROTOCOL_VERSION } from './greeting-messages.ts';
import type { Heads } from './heads.ts';
import { MANAGER_SIDE, MEMBER_SIDE } from './manager-messages.ts';
import type { ClientMessage, NodeMessage } from './messages.ts';
import { GUEST_SIDE, HOME_SIDE } from './peer-protocol.ts';
import { CLIENT, HOST, NODE } from './testing/greeting.ts';
import { spanOf } from './testing/spans.ts';

const packr = new Packr({ useRecords: false });

function frameOf(head: Uint8Array, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const frame = Buffer.alloc(PREFIX_BYTES + head.length + payload.length);
  writePrefix(frame, 0, head.length, payload.length);
  frame.set(head, PREFIX_BYTES);
  frame.set(payload, PREFIX_BYTES + head.length);
  return frame;
}

function signal(kind: (typeof SIGNAL)[keyof typeof SIGNAL]): Buffer {
  const frame = Buffer.alloc(PREFIX_BYTES);
  writeSignal(frame, 0, kind);
  return frame;
}

/** One end of a protocol, as far as it receives. */
interface Side {
  readonly receives: Heads<unknown>;
  readonly limits?: { readonly frameBytes: number; readonly headBytes: number };
}

/** What becomes of a stream that is cut into pieces: the code it is refused with, or `ok`. */
function fate({ receives, limits }: Side, stream: Uint8Array, cuts: readonly number[]): string {
  const decoder = new FrameDecoder(receives, () => {}, limits === undefined ? {} : { limits });
  try {
    for (let at = 0, turn = 0; at < stream.length; turn++) {
      const size = cuts[turn % cuts.length] as number;
      decoder.push(stream.subarray(at, at + size));
      at += size;
    }
    return 'ok';
  } catch (error) {
    return error instanceof PheromoneError ? error.code : String(error);
  }
}

const cuts = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 10 });

/** A stream with some of its bytes changed, and a part of it left out, said twice or put elsewhere. */
function mutated(stream: Uint8Array): fc.Arbitrary<Uint8Array> {
  const byte = fc.tuple(fc.nat(stream.length - 1), fc.nat(255));
  const part = fc.tuple(fc.nat(stream.length), fc.nat(stream.length), fc.nat(stream.length));
  return fc.tuple(fc.array(byte, { maxLength: 4 }), fc.option(part)).map(([bytes, moved]) => {
    const copy = Buffer.from(stream);
    for (const [at, value] of bytes) copy[at] = value;
    if (moved === null) return copy;
    const [from, to, into] = moved;
    return Buffer.concat([copy.subarray(0, into), copy.subarray(Math.min(from, to), Math.max(from, to)), copy.subarray(into)]);
  });
}

const call: ClientMessage = { type: 'call', id: 7, app: 'a', fn: 'f', answer: 'first', deadlineMs: 5, trace: true };
const app = { name: 'a', functions: [{ name: 'f', module: 'm', export: 'f', config: { deep: [1] } }], buckets: [], triggers: [] };
const outputs = [{ source: 'f', key: 'k', group: 'g', size: 2 }];
const spans = [spanOf('f', 1, 2)];
const nonce = new Uint8Array(32);

const toNode = [call, { type: 'register', id: 1, app }, { type: 'cancel', id: 7 }] satisfies ClientMessage[];
const toClient = [
  { type: 'failed', id: 1, code: 'CANCELLED', message: 'm' },
  { type: 'done', id: 7 },
] satisfies NodeMessage[];
const result: NodeMessage = { type: 'result', id: 7, outputs, spans };
const greetings: GreetingMessage[] = [
  { type: 'hello', version: PROTOCOL_VERSION, ...CLIENT, pid: 1, nonce },
  { type: 'challenge', ...NODE, nonce, proof: nonce },
  { type: 'proof', proof: nonce },
  { type: 'welcome', version: PROTOCOL_VERSION, ...NODE, pid: 1 },
  { type: 'refused', code: 'OVERLOADED', message: 'm' },
];

const pair = Buffer.of(1, 2);
const seeds: [what: string, side: Side, stream: Buffer][] = [
  ['a client says', NODE_SIDE, Buffer.concat(toNode.map((message) => frameOf(encodeHead(NODE_SIDE.receives, message, 0))))],
  [
    'a node says',
    CLIENT_SIDE,
    Buffer.concat([
      frameOf(encodeHead(CLIENT_SIDE.receives, result, 2), pair),
      signal(SIGNAL.ping),
      ...toClient.map((message) => frameOf(encodeHead(CLIENT_SIDE.receives, message, 0))),
    ]),
  ],
  [
    'a greeting says',
    GREETING_PROTOCOL,
    Buffer.concat(greetings.map((message) => frameOf(encodeHead(GREETING_PROTOCOL.receives, message, 0)))),
  ],
];

for (const [what, side, stream] of seeds) {
  test(`what ${what}, damaged in any way, gives messages or BAD_MESSAGE, nothing else`, (t) => {
    const fates = new Set<string>([fate(side, stream, [stream.length])]);
    t.deepEqual([...fates], ['ok'], 'undamaged');
    fc.assert(
      fc.property(mutated(stream), cuts, (damaged, sizes) => void fates.add(fate(side, damaged, sizes))),
      { numRuns: 1_500 },
    );
    t.deepEqual([...fates].sort(), ['BAD_MESSAGE', 'ok']);
  });
}

const sides: [name: string, side: Side][] = Object.entries({
  CLIENT_SIDE,
  NODE_SIDE,
  COORDINATOR_SIDE,
  WORKER_SIDE,
  HOME_SIDE,
  GUEST_SIDE,
  MANAGER_SIDE,
  MEMBER_SIDE,
  GREETING_PROTOCOL,
});

for (const [name, side] of sides) {
  test(`well-formed heads of any content give messages or BAD_MESSAGE for ${name}`, (t) => {
    const field = fc.oneof(
      { weight: 3, arbitrary: fc.nat(300) },
      fc.string(),
      fc.boolean(),
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.oneof(fc.nat(), fc.string()), { maxLength: 9 }),
      fc.anything({ maxDepth: 2 }),
    );
    const typed = fc.record({
      type: fc.constantFrom('join', 'watch', 'beat', 'view', 'admitted', 'refused'),
      candidate: field,
      view: field,
    });
    const head = fc.oneof(
      fc.tuple(fc.nat(255), fc.array(field, { maxLength: 10 })).map(([tag, rest]) => [tag, ...rest]),
      typed.map((message) => [message]),
    );
    const fates = new Set<string>();
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 20 }), (fields, payload) => {
        const stream = frameOf(Uint8Array.from(packr.pack(fields)), payload);
        fates.add(fate(side, stream, [stream.length]));
      }),
      { numRuns: 1_000 },
    );
    fates.delete('ok');
    t.deepEqual([...fates], ['BAD_MESSAGE']);
  });
}

test('a listener that has met every kind of nonsense still greets who knows the secret', async (t) => {
  const security = { secret: 'a secret of more than sixteen bytes' };
  const listener = await listen({ host: HOST, port: 0, self: NODE, security, accept: (_, speak) => void speak(NODE_SIDE) });
  t.teardown(listener.close);
  const hello = seeds[2]![2];
  const streams = fc.sample(fc.oneof(mutated(hello), fc.uint8Array({ minLength: 1, maxLength: 300 })), 200);
  for (const stream of streams) {
    await new Promise<void>((resolve) => {
      const socket = connect(listener.port, HOST, () => socket.end(stream));
      socket.on('error', () => {}).on('close', () => resolve());
      socket.resume();
    });
  }
  const { connection, peer } = await dial({ host: HOST, port: listener.port, self: CLIENT, protocol: CLIENT_SIDE, security });
  connection.destroy();
  t.is(peer.name, NODE.name);
});
