/**
 * What encoding and decoding a message costs, in nanoseconds: the best of several rounds, since it is compared
 * between ways of encoding. `node bin/launch.js platform/wire/codec.bench.ts`
 */
import { Packr } from 'msgpackr';
import { CLIENT_HEADS } from './client-heads.ts';
import { encodeHead, FrameDecoder, PREFIX_BYTES, writePrefix } from './codec.ts';
import type { Heads } from './heads.ts';
import type { Call, Result } from './messages.ts';
import { NODE_HEADS } from './node-heads.ts';
import { spanOf } from './testing/spans.ts';

const ROUNDS = 7;
/** So many frames fill about one chunk of a socket. */
const FRAMES = 1_000;
const REPEATS = 50;

const call: Call = { type: 'call', id: 70_000, app: 'chain', fn: 'increment-0', answer: 'first', deadlineMs: 30_000, trace: false };
const outputs = [{ source: 'increment-1', key: '', group: '', size: 8 }];
const spans = [spanOf('increment-0', 9_000_000_000_000, 9_000_000_001_000), spanOf('increment-1', 9_000_000_002_000, 9_000_000_003_000)];
const result: Result = { type: 'result', id: 70_000, outputs, spans: [] };
const traced: Result = { ...result, spans };

/** The same fields under their names, to compare with; unchecked. */
const maps = new Packr({ useRecords: false });
/** The same with the names agreed on beforehand. */
const records = new Packr({
  structures: [Object.keys(call), Object.keys(result), Object.keys(outputs[0]!), Object.keys(spans[0]!)],
  maxSharedStructures: 4,
});

function bestNs(work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const startedNs = process.hrtime.bigint();
    for (let i = 0; i < REPEATS; i++) work();
    best = Math.min(best, Number(process.hrtime.bigint() - startedNs) / (REPEATS * FRAMES));
  }
  return best;
}

function report(name: string, bytes: number, encodeNs: number, decodeNs: number): void {
  console.log(`${name.padEnd(28)} ${String(bytes).padStart(4)} B  encode ${encodeNs.toFixed(0)} ns  decode ${decodeNs.toFixed(0)} ns`);
}

function benchFrames<M>(name: string, heads: Heads<M>, message: M): void {
  const payload = new Uint8Array(8);
  const bytes = PREFIX_BYTES + encodeHead(heads, message, payload.length).length + payload.length;
  const batch = Buffer.allocUnsafe(bytes * FRAMES);
  const encodeNs = bestNs(() => {
    for (let at = 0; at < batch.length; at += bytes) {
      const head = encodeHead(heads, message, payload.length);
      writePrefix(batch, at, head.length, payload.length);
      batch.set(head, at + PREFIX_BYTES);
      batch.set(payload, at + PREFIX_BYTES + head.length);
    }
  });
  let seen = 0;
  const decoder = new FrameDecoder(heads, () => {
    seen += 1;
  });
  const decodeNs = bestNs(() => decoder.push(batch));
  if (seen !== ROUNDS * REPEATS * FRAMES) throw new Error(`${name}: expected ${ROUNDS * REPEATS * FRAMES} messages, got ${seen}`);
  report(name, bytes, encodeNs, decodeNs);
}

function benchHeads(name: string, codec: Packr, message: object): void {
  const encoded = Buffer.from(codec.pack(message));
  const repeat = (work: () => void) => () => {
    for (let i = 0; i < FRAMES; i++) work();
  };
  const encodeNs = bestNs(repeat(() => codec.pack(message)));
  const decodeNs = bestNs(repeat(() => codec.unpack(encoded)));
  report(name, encoded.length, encodeNs, decodeNs);
}

benchFrames('call, frame', CLIENT_HEADS, call);
benchFrames('result, frame', NODE_HEADS, result);
benchFrames('traced result, frame', NODE_HEADS, traced);
for (const [name, codec] of [
  ['maps', maps],
  ['records', records],
] as const) {
  benchHeads(`call, ${name} alone`, codec, call);
  benchHeads(`result, ${name} alone`, codec, result);
  benchHeads(`traced result, ${name} alone`, codec, traced);
}
