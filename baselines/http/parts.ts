/** Several labelled values in one body, as the shuffle sends them: for each u32 length and UTF-8 of key and group, u32 length and bytes. */
import type { Emitted } from '../../workloads/api/run-body.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const LENGTH_BYTES = 4;

export function encodeParts(values: readonly Emitted[]): Uint8Array {
  const fields = values.flatMap(({ key, group, bytes }) => [encoder.encode(key), encoder.encode(group), bytes]);
  const body = Buffer.allocUnsafe(fields.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0));
  let at = 0;
  for (const field of fields) {
    at = body.writeUInt32LE(field.length, at);
    body.set(field, at);
    at += field.length;
  }
  return body;
}

/** The values are views on `body`. Throws a RangeError if it is cut short. */
export function decodeParts(body: Uint8Array): Emitted[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  const field = (): Uint8Array => {
    const from = at + LENGTH_BYTES;
    at = from + view.getUint32(at, true);
    if (at > body.length) throw new RangeError(`expected ${at} bytes, got ${body.length}`);
    return body.subarray(from, at);
  };
  const values: Emitted[] = [];
  while (at < body.length) values.push({ key: decoder.decode(field()), group: decoder.decode(field()), bytes: field() });
  return values;
}
