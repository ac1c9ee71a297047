/** Small function bodies over text, from which the cases build their workflows. */
import type { FunctionContext } from '../api/workflow.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** How `describe` tells of one of its inputs. */
export interface Described {
  readonly from: string;
  readonly key: string;
  readonly group: string;
  readonly text: string;
}

function textOf({ inputs }: FunctionContext): string {
  return decoder.decode(inputs[0]?.bytes);
}

/** Passes its first input on, key and all. */
export function echo({ inputs, emit }: FunctionContext): void {
  for (const { bytes, key } of inputs.slice(0, 1)) emit(bytes, { key });
}

/** Emits all it knows of its inputs, as JSON: a list of {@link Described}. */
export function describe({ inputs, emit }: FunctionContext): void {
  emit(encoder.encode(JSON.stringify(inputs.map(({ from, key, group, bytes }) => ({ from, key, group, text: decoder.decode(bytes) })))));
}

/** Emits its input under the key that the input spells. */
export function choose(context: FunctionContext): void {
  context.emit(encoder.encode(textOf(context)), { key: textOf(context) });
}

/** Emits one less than its input, under the key `again`, or `done` at 0. */
export function countDown(context: FunctionContext): void {
  const next = Number(textOf(context)) - 1;
  context.emit(encoder.encode(String(next)), { key: next > 0 ? 'again' : 'done' });
}

/** Emits every line; a line `group:rest` names its group. */
export function lines(context: FunctionContext): void {
  for (const line of textOf(context).split('\n')) {
    if (line !== '') context.emit(encoder.encode(line), { key: line, group: line.split(':')[0]! });
  }
}

/** Waits as many milliseconds as its input says, then emits it. */
export async function nap(context: FunctionContext): Promise<void> {
  const text = textOf(context);
  await new Promise((resolve) => setTimeout(resolve, Number(text)));
  context.emit(encoder.encode(text));
}

/** Waits up to 20 milliseconds, then emits its input. */
export async function dawdle(context: FunctionContext): Promise<void> {
  const text = textOf(context);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
  context.emit(encoder.encode(text));
}

/** Emits as many bytes as its input says, in the platform's memory; each is its position's lowest byte. */
export function fill(context: FunctionContext): void {
  const bytes = context.allocate(Number(textOf(context)));
  for (let at = 0; at < bytes.length; at++) bytes[at] = at;
  context.emit(bytes);
}

/** Emits as many zeros as its input says, in memory of its own. */
export function zeros(context: FunctionContext): void {
  context.emit(new Uint8Array(Number(textOf(context))));
}

/** Emits nothing. */
export function keepSilent(): void {}

/** Emits two values. */
export function emitTwice({ inputs, emit }: FunctionContext): void {
  for (const { bytes } of inputs) {
    emit(bytes);
    emit(bytes);
  }
}

/** Emits a value of its own making, then throws. */
export function fail({ emit }: FunctionContext): void {
  emit(encoder.encode('too early'));
  throw new Error('no luck | today');
}

/** Throws at the text `bad`, else passes its first input on. */
export function refuse(context: FunctionContext): void {
  if (textOf(context) === 'bad') throw new Error('no bad luck');
  echo(context);
}

/** Rejects after a while. */
export async function failLate(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  throw new Error('no luck later');
}

/** Never ends, but leaves its thread free. */
export function hang(): Promise<void> {
  return new Promise(() => {});
}

/** Never ends, and never gives its thread back. */
export function block(): void {
  for (;;);
}
