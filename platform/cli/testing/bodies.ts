/** Bodies of the app that the command line's tests register. */
import type { Library } from '../../executor/library.ts';

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

export function first(library: Library): void {
  console.log(`greeting for process ${process.pid > 0}`);
  library.send(library.inputs[0]!.bytes, { bucket: 'names', key: 'who' });
}

export function second(library: Library): void {
  library.send(Buffer.from(`hello ${text(library.inputs[0]?.bytes)}`), {}, { output: true });
}

/** Sends bytes that are no text. */
export function raw(library: Library): void {
  library.send(Uint8Array.of(0xff, 0), { key: 'k', group: 'g' }, { output: true });
}

export function failing(): void {
  throw new Error('as it should');
}

/** Ends when it is told to. */
export function endless(library: Library): Promise<void> {
  return new Promise((resolve) => library.signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Says what a function can read of its process's environment. */
export function environment(library: Library): void {
  library.send(Buffer.from(JSON.stringify(process.env)), {}, { output: true });
}
