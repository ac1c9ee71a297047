/**
 * MapReduce's two halves and the split before them. Values: the caller's input is u32 maps, u32 reducers (both
 * little-endian) and UTF-8 text; a piece is u32 reducers and text; counts are lines of word, tab, number.
 */
import type { FunctionContext, Input } from '../api/workflow.ts';

const WORD = /[\p{L}\p{N}]+(?:['’]\p{L}+)*/gu;
const HEADER_BYTES = 8;
const PIECE_HEADER_BYTES = 4;

/** The caller's input for `text`, to be cut into `maps` pieces and counted by `reducers` groups. */
export function encodeInput(text: Uint8Array, maps: number, reducers: number): Uint8Array {
  const input = new Uint8Array(HEADER_BYTES + text.length);
  const header = viewOf(input);
  header.setUint32(0, maps, true);
  header.setUint32(4, reducers, true);
  input.set(text, HEADER_BYTES);
  return input;
}

/** The text of a caller's input. */
export function textOf(input: Uint8Array): string {
  return new TextDecoder().decode(input.subarray(HEADER_BYTES));
}

/** The words of a text, in lower case. */
export function wordsOf(text: string): Iterable<string> {
  return text.toLowerCase().match(WORD) ?? [];
}

/** Counts as the functions hand them on, read back: calls `add` for each line. */
export function decodeCounts(bytes: Uint8Array, add: (word: string, count: number) => void): void {
  for (const line of new TextDecoder().decode(bytes).split('\n')) {
    const [word, count] = line.split('\t');
    if (word !== undefined && count !== undefined) add(word, Number(count));
  }
}

/** Cuts the text at white space into as many pieces of about the same size as the input asks for. */
export function split({ inputs, allocate, emit }: FunctionContext): void {
  const { bytes } = only(inputs);
  const header = viewOf(bytes);
  const maps = header.getUint32(0, true);
  const reducers = header.getUint32(4, true);
  let from = HEADER_BYTES;
  for (let piece = 1; piece <= maps; piece++) {
    let to = piece === maps ? bytes.length : Math.max(from, HEADER_BYTES + Math.floor(((bytes.length - HEADER_BYTES) * piece) / maps));
    while (to < bytes.length && !isSpace(bytes[to]!)) to++;
    const value = allocate(PIECE_HEADER_BYTES + to - from);
    viewOf(value).setUint32(0, reducers, true);
    value.set(bytes.subarray(from, to), PIECE_HEADER_BYTES);
    emit(value);
    from = to;
  }
}

/** Counts the words of a piece and hands the counts on by reducer: group `r0`, `r1` and so on. */
export function count({ inputs, emit }: FunctionContext): void {
  const { bytes } = only(inputs);
  const reducers = viewOf(bytes).getUint32(0, true);
  const counts = new Map<string, number>();
  for (const word of wordsOf(new TextDecoder().decode(bytes.subarray(PIECE_HEADER_BYTES)))) counts.set(word, (counts.get(word) ?? 0) + 1);
  const parts = Map.groupBy(counts, ([word]) => hashOf(word) % reducers);
  for (const [reducer, part] of parts) emit(encodeCounts(part), { group: `r${reducer}` });
}

/** Adds up the counts of one group. */
export function reduce({ inputs, emit }: FunctionContext): void {
  const totals = new Map<string, number>();
  for (const { bytes } of inputs) decodeCounts(bytes, (word, n) => totals.set(word, (totals.get(word) ?? 0) + n));
  emit(encodeCounts(totals));
}

function encodeCounts(counts: Iterable<readonly [string, number]>): Uint8Array {
  let lines = '';
  for (const [word, n] of counts) lines += `${word}\t${n}\n`;
  return new TextEncoder().encode(lines);
}

/** FNV-1a over UTF-16 code units. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}

function only(inputs: readonly Input[]): Input {
  if (inputs.length !== 1) throw new RangeError(`expected 1 input, got ${inputs.length}`);
  return inputs[0]!;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
