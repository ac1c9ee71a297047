import test from 'ava';
import fc from 'fast-check';
import { FrameDecoder, PREFIX_BYTES, writePrefix } from './codec.ts';
import { Gathered } from './gathered.ts';
import { WIRE_LIMITS } from './limits.ts';

const { firstGatheredBytes, gatheredGrowth, headBytes, frameBytes } = WIRE_LIMITS;

test('what was announced comes out whole, in whatever pieces it comes, and what follows is left', (t) => {
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(pieces, fc.nat({ max: 30 }), fc.boolean(), (chunks, rest, isGiven) => {
      const stream = Buffer.concat(chunks);
      const size = Math.max(0, stream.length - rest);
      const gathered = new Gathered(size, isGiven ? new Uint8Array(size) : undefined);
      let left = 0;
      for (const chunk of chunks) left += chunk.length - gathered.take(chunk, 0);
      t.true(gathered.isComplete);
      t.is(left, stream.length - size);
      t.deepEqual(Buffer.from(gathered.bytes), stream.subarray(0, size));
    }),
  );
});

test('memory grows with what has come', (t) => {
  const chunk = new Uint8Array(65_536).fill(7);
  const size = 40 * firstGatheredBytes;
  const gathered = new Gathered(size);
  t.is(gathered.bytes.length, firstGatheredBytes);
  for (let come = 0; come < size; come += chunk.length) {
    gathered.take(chunk, 0);
    t.true(gathered.bytes.length <= Math.max(firstGatheredBytes, gatheredGrowth * (come + chunk.length)));
  }
  t.is(gathered.bytes.length, size);
  t.true(gathered.bytes.every((byte) => byte === 7));
});

test('a thousand peers that announce the most there is and send nothing take little memory', (t) => {
  const heads = { toFields: () => [], fromFields: () => null };
  const announcesPayload = Buffer.concat([Buffer.alloc(PREFIX_BYTES), Buffer.of(0x90)]);
  writePrefix(announcesPayload, 0, 1, frameBytes - 5);
  const announcesHead = Buffer.alloc(PREFIX_BYTES);
  writePrefix(announcesHead, 0, headBytes, 0);
  const before = process.memoryUsage.rss();
  const decoders = Array.from({ length: 1_000 }, (_, at) => {
    const decoder = new FrameDecoder(heads, () => t.fail());
    decoder.push(at % 2 === 0 ? announcesPayload : announcesHead);
    return decoder;
  });
  const taken = process.memoryUsage.rss() - before;
  t.true(taken < decoders.length * 2 * firstGatheredBytes, `${taken} bytes`);
});
