/** What a head may be made of, seen to before any of it is decoded. */
import { PheromoneError } from '../core/errors.ts';
import { WIRE_LIMITS } from './limits.ts';

/**
 * Throws `BAD_MESSAGE` unless the bytes from `start` to `end` are one msgpack value that announces no more than it
 * holds: a decoder takes memory for a list by its announced length, and five bytes can announce four billion items,
 * lists in lists. Extensions are refused but for the one that means `undefined`: they make dates, errors and regular
 * expressions, and may change how later messages are read.
 */
export function checkShape(bytes: Uint8Array, start: number, end: number): void {
  let at = start;
  /** Values that are still to come in the lists and maps that have begun. */
  let due = 1;
  let seen = 0;
  while (due > 0) {
    if (at >= end) throw cut();
    const tag = bytes[at]!;
    at += 1;
    due -= 1;
    seen += 1;
    if (tag < 0x80 || tag >= 0xe0) continue;
    if (tag < 0x90) due += 2 * (tag & 0x0f);
    else if (tag < 0xa0) due += tag & 0x0f;
    else if (tag < 0xc0) at += tag & 0x1f;
    else if (tag < 0xdc) at += sizeAfter(tag, bytes, at, end);
    else {
      const lengthBytes = tag % 2 === 0 ? 2 : 4;
      due += lengthAt(bytes, at, lengthBytes, end) * (tag < 0xde ? 1 : 2);
      at += lengthBytes;
    }
    if (due > end - at) throw cut();
  }
  if (at !== end) throw new PheromoneError('BAD_MESSAGE', `head: expected one value of msgpack, got ${end - at} bytes behind it`);
  if (seen > WIRE_LIMITS.headValues) {
    throw new PheromoneError('BAD_MESSAGE', `head: expected at most ${WIRE_LIMITS.headValues} values, got ${seen}`);
  }
}

/** How many bytes belong to a value of one of the tags that stand for neither a list nor a map. */
function sizeAfter(tag: number, bytes: Uint8Array, at: number, end: number): number {
  switch (tag) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return 0;
    case 0xcc: // 8 bits
    case 0xd0:
      return 1;
    case 0xcd: // 16 bits
    case 0xd1:
      return 2;
    case 0xca: // 32 bits
    case 0xce:
    case 0xd2:
      return 4;
    case 0xcb: // 64 bits
    case 0xcf:
    case 0xd3:
      return 8;
    case 0xc4: // bytes and texts, by the size of their length
    case 0xd9:
      return 1 + lengthAt(bytes, at, 1, end);
    case 0xc5:
    case 0xda:
      return 2 + lengthAt(bytes, at, 2, end);
    case 0xc6:
    case 0xdb:
      return 4 + lengthAt(bytes, at, 4, end);
    case 0xd4: // undefined
      if (bytes[at] === 0) return 2;
  }
  throw new PheromoneError('BAD_MESSAGE', `head: expected msgpack without extensions, got the tag ${tag}`);
}

function lengthAt(bytes: Uint8Array, at: number, lengthBytes: number, end: number): number {
  if (at + lengthBytes > end) throw cut();
  let length = 0;
  for (let i = 0; i < lengthBytes; i++) length = length * 256 + bytes[at + i]!;
  return length;
}

function cut(): PheromoneError {
  return new PheromoneError('BAD_MESSAGE', 'head: expected all of its msgpack, got less than it announces');
}
