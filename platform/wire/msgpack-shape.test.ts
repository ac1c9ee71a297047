import test from 'ava';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { PheromoneError } from '../core/errors.ts';
import { WIRE_LIMITS } from './limits.ts';
import { checkShape } from './msgpack-shape.ts';

const packr = new Packr({ useRecords: false, int64AsType: 'number' });
const check = (bytes: Uint8Array): void => checkShape(bytes, 0, bytes.length);

const value = fc.anything({
  maxDepth: 4,
  values: [fc.string(), fc.double(), fc.maxSafeInteger(), fc.boolean(), fc.constant(null), fc.uint8Array()],
});

test('whatever is packed of what heads hold passes, and nothing of it that is cut or followed by more', (t) => {
  fc.assert(
    fc.property(value, fc.nat(), (packed, cut) => {
      const bytes = Uint8Array.from(packr.pack(packed));
      t.notThrows(() => check(bytes));
      t.throws(() => check(bytes.subarray(0, cut % bytes.length)), { instanceOf: PheromoneError });
      t.throws(() => check(Uint8Array.of(...bytes, 0xc0)), { instanceOf: PheromoneError, message: /got 1 bytes behind it$/ });
    }),
  );
});

const large = new Uint8Array(WIRE_LIMITS.headValues + 5).fill(0xc0);
large.set([0xdd, 0, 0x40, 0, 0]);

const announced = /^head: expected all of its msgpack, got less than it announces$/;
const extension = /^head: expected msgpack without extensions, got the tag \d+$/;
const hostile: [what: string, bytes: Uint8Array, message: RegExp][] = [
  ['nothing', Uint8Array.of(), announced],
  ['a list of four billion', Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff), announced],
  ['lists of 65,535 in lists of 65,535', new Uint8Array(3_000).map((_, at) => (at % 3 === 0 ? 0xdc : 0xff)), announced],
  ['a map of four billion', Uint8Array.of(0xdf, 0xff, 0xff, 0xff, 0xff, 0xa0), announced],
  ['a text of four billion', Uint8Array.of(0xdb, 0xff, 0xff, 0xff, 0xff, 0x61), announced],
  ['bytes without their length', Uint8Array.of(0xc6, 0, 0), announced],
  ['half a number', Uint8Array.of(0xcb, 0, 0), announced],
  ['more values than heads may hold', large, /^head: expected at most 4194304 values, got 4194305$/],
  ['a regular expression', Uint8Array.of(0xd4, 0x78, 0, 0x92, 0xa1, 0x61, 0xa0), extension],
  ['a date', Uint8Array.from(packr.pack(new Date(0))), extension],
  ['an error', Uint8Array.of(0xd4, 0x65, 0, 0x93, 0xa5, 0x45, 0x72, 0x72, 0x6f, 0x72, 0xa1, 0x6d, 0xc0), extension],
  ['the definition of a record', Uint8Array.of(0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01), extension],
  ['an extension of any size', Uint8Array.of(0xc9, 0, 0, 0, 1, 5, 5), extension],
  ['a tag that stands for nothing', Uint8Array.of(0xc1), extension],
];

for (const [what, bytes, message] of hostile) {
  test(`${what} is refused before it is decoded`, (t) => {
    const error = t.throws(() => check(bytes), { instanceOf: PheromoneError, message });
    t.is(error?.code, 'BAD_MESSAGE');
  });
}
