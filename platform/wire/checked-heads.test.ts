import test from 'ava';
import fc from 'fast-check';
import { z } from 'zod';
import { PheromoneError } from '../core/errors.ts';
import { checkedHeads } from './checked-heads.ts';
import { encodeHead, FrameDecoder, PREFIX_BYTES, writePrefix } from './codec.ts';

const HEADS = checkedHeads(
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('a'), names: z.array(z.string().max(3)), of: z.enum(['x', 'y']) }),
    z.strictObject({ type: z.literal('b'), n: z.int().nullable() }),
  ]),
);

function faultOf(message: unknown): string | undefined {
  try {
    HEADS.fromFields([message], 0);
    return undefined;
  } catch (error) {
    return error instanceof PheromoneError && error.code === 'BAD_MESSAGE' ? error.message : String(error);
  }
}

test('a message comes out of a frame as it went in', (t) => {
  const message = { type: 'a' as const, names: ['é', ''], of: 'y' as const };
  const head = encodeHead(HEADS, message, 0);
  const frame = Buffer.alloc(PREFIX_BYTES + head.length);
  writePrefix(frame, 0, head.length, 0);
  frame.set(head, PREFIX_BYTES);
  const received: unknown[] = [];
  new FrameDecoder(HEADS, (decoded) => received.push(decoded)).push(frame);
  t.deepEqual(received, [message]);
});

test('a fault is named with its path, what was expected and what came', (t) => {
  t.is(faultOf({ type: 'a', names: ['a', 7], of: 'x' }), 'message.names.1: expected string, got number');
  t.is(faultOf({ type: 'a', names: ['long'], of: 'x' }), 'message.names.0: expected string to have <=3 characters');
  t.is(faultOf({ type: 'a', names: [], of: 'z' }), 'message.of: expected one of "x"|"y"');
  t.regex(faultOf({ type: 'c' }) ?? '', /^message\.type: expected 'a' \| 'b'/);
  t.is(faultOf({ type: 'b', n: null, more: 1 }), 'message: Unrecognized key: "more"');
  t.is(faultOf(undefined), 'message: expected object, got undefined');
});

test('whatever comes is taken or refused with a code', (t) => {
  fc.assert(
    fc.property(fc.anything(), fc.nat(1), (fields, payloadBytes) => {
      const error = t.throws(() => HEADS.fromFields(fields, payloadBytes), { instanceOf: PheromoneError });
      t.is(error?.code, 'BAD_MESSAGE');
    }),
    { numRuns: 200 },
  );
});
