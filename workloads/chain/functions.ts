import type { FunctionContext } from '../api/workflow.ts';

/** Adds one to the counter in the first four bytes (little-endian) and passes all bytes on. */
export function increment({ inputs, allocate, emit }: FunctionContext): void {
  const value = inputs[0]?.bytes;
  if (value === undefined || value.length < 4) throw new RangeError(`increment: expected at least 4 bytes, got ${value?.length}`);
  const next = allocate(value.length);
  next.set(value);
  const counter = new DataView(next.buffer, next.byteOffset, 4);
  counter.setUint32(0, counter.getUint32(0, true) + 1, true);
  emit(next);
}
