/** Bodies of the minimal workflows, over text. */
import type { FunctionContext } from '../../workloads/api/workflow.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Passes its input on; the text is the key too. */
export function pass({ inputs, emit }: FunctionContext): void {
  for (const { bytes } of inputs) emit(bytes, { key: decoder.decode(bytes) });
}

/** Emits each letter of its input, in a group of that letter. */
export function letters({ inputs, emit }: FunctionContext): void {
  for (const letter of decoder.decode(inputs[0]?.bytes)) emit(encoder.encode(letter), { group: letter });
}

/** Emits one line of where each input comes from and what it is: `left:x right:x`. */
export function join({ inputs, emit }: FunctionContext): void {
  emit(encoder.encode(inputs.map(({ from, bytes }) => `${from}:${decoder.decode(bytes)}`).join(' ')));
}
