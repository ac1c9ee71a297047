import { beside, type FunctionSpec } from '../api/workflow.ts';
import type { Workload } from '../api/workload.ts';

const increment: FunctionSpec = { module: beside(import.meta.url, 'functions'), export: 'increment' };
const nameOf = (position: number): string => `increment-${position}`;

/** A chain of functions, each of which adds one to its input and passes the payload on (paper: long chain, data exchange). */
export const chain: Workload<'length' | 'payloadBytes'> = {
  name: 'chain',
  title: 'Chain',
  description: 'Every function adds one to a counter and passes the payload on. Paper: section 6.2, long chains and data exchange.',
  parameters: {
    length: { default: 2, min: 1, max: 1_000, unit: 'functions', meaning: 'functions in the chain' },
    payloadBytes: { default: 8, min: 8, max: 100_000_000, unit: 'B', meaning: 'size of the value handed on' },
  },
  workflow: ({ length }) => ({
    name: 'chain',
    entry: nameOf(0),
    functions: Object.fromEntries(Array.from({ length }, (_, i) => [nameOf(i), increment])),
    dependencies: Array.from({ length: length - 1 }, (_, i) => ({ pattern: 'sequence', from: nameOf(i), to: nameOf(i + 1) })),
    result: 'first',
  }),
  input({ payloadBytes }, seed) {
    const bytes = new Uint8Array(payloadBytes).fill(seed & 0xff, 4);
    new DataView(bytes.buffer).setUint32(0, seed % 1_000_000, true);
    return bytes;
  },
  check({ length }, input, outputs) {
    const output = outputs[0]?.bytes;
    if (outputs.length !== 1 || output === undefined) return { ok: false, why: `expected 1 output, got ${outputs.length}` };
    if (output.length !== input.length) return { ok: false, why: `expected ${input.length} bytes, got ${output.length}` };
    const expected = new DataView(input.buffer, input.byteOffset).getUint32(0, true) + length;
    const counter = new DataView(output.buffer, output.byteOffset).getUint32(0, true);
    if (counter !== expected) return { ok: false, why: `expected the counter ${expected}, got ${counter}` };
    const isUnchanged = Buffer.compare(output.subarray(4), input.subarray(4)) === 0;
    return isUnchanged ? { ok: true } : { ok: false, why: 'expected the bytes after the counter unchanged, they differ' };
  },
  hops: ({ length }) => length - 1,
};
