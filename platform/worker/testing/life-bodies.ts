/** Functions of the tests of sessions: what they do is said by their configuration, or by their input as JSON. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import type { FunctionBody, Library } from '../../executor/library.ts';

const LONG_MS = 100_000;
const PATIENCE_MS = 5_000;
/** Bodies of {@link counted} under way in this thread. */
let under = 0;

function inputOf(library: Library): Uint8Array {
  return library.inputs[0]?.bytes as Uint8Array;
}

function answer(library: Library, text: string): void {
  library.send(Buffer.from(text), {}, { output: true });
}

export const echo: FunctionBody = (library) => library.send(inputOf(library), {}, { output: true });

export const none: FunctionBody = () => {};

/** Answers with the most bodies of it that its thread had under way at once. */
export const counted: FunctionBody = async (library) => {
  under++;
  let most = under;
  for (let i = 0; i < 10; i++) {
    await sleep(2);
    most = Math.max(most, under);
  }
  under--;
  answer(library, `${most}`);
};

/** Adds one to its input, a number, and hands it on until it comes to `length`. */
export function step({ length, next }: { length: number; next: string }): FunctionBody {
  return (library) => {
    const bytes = library.allocate(8);
    const count = new Float64Array(bytes.buffer, bytes.byteOffset, 1);
    count[0] = inputOf(library).length === 8 ? (numberOf(inputOf(library)) as number) + 1 : 1;
    if (count[0] >= length) library.send(bytes, {}, { output: true });
    else library.send(bytes, { bucket: next });
  };
}

function numberOf(bytes: Uint8Array): number | undefined {
  return new Float64Array(Uint8Array.from(bytes).buffer)[0];
}

/** Sends itself on for as long as its session lives. */
export const onAndOn: FunctionBody = (library) => library.send(inputOf(library), { target: library.fn });

/** Sends, then computes on until what it has sent is being worked on; not for ever. */
export const computesUntilBegun: FunctionBody = (library) => {
  library.send(inputOf(library), { bucket: 'start' });
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until; ) if (library.get('begun', 'yes') !== undefined) return;
};

/** Sends that it has begun. */
export const begins: FunctionBody = (library) => library.send(library.allocate(0), { bucket: 'begun', key: 'yes' });

/** Says on the port that its input names that it has started, and why its signal has fired. */
export const watchesSignal: FunctionBody = async (library) => {
  const { signal } = library;
  const port = Number(Buffer.from(inputOf(library)).toString());
  const say = (word: string): Promise<unknown> => once(connect(port, '127.0.0.1').end(word).resume(), 'close');
  await say('started');
  if (!signal.aborted) await once(signal, 'abort');
  await say((signal.reason as { code: string }).code);
};

/** Starts what `start` triggers, and answers once that has begun. */
export const answersOnceBegun: FunctionBody = async (library) => {
  library.send(inputOf(library), { bucket: 'start' });
  while (library.get('begun', 'yes') === undefined) await sleep(5);
  answer(library, 'answer');
};

/** As {@link watchesSignal}, after it has sent that it has begun. */
export const beginsAndWatches: FunctionBody = (library) => {
  begins(library);
  return watchesSignal(library);
};

/** As many objects as it is told, each with a key of its own. */
export function split({ width, bucket, group = '' }: { width: number; bucket: string; group?: string }): FunctionBody {
  return (library) => {
    for (let i = 0; i < width; i++) library.send(library.allocate(100), { bucket, key: `${i}`, group });
  };
}

export function pass({ next, group = '' }: { next: string; group?: string }): FunctionBody {
  return (library) => library.send(inputOf(library), { bucket: next, key: library.inputs[0]?.key ?? '', group });
}

/** Answers with how many objects it was started with. */
export const join: FunctionBody = (library) => answer(library, `${library.inputs.length}`);

export const fails: FunctionBody = () => {
  throw new Error('on purpose');
};

export const waits: FunctionBody = async (library) => {
  const { signal } = library;
  await sleep(LONG_MS, undefined, { signal });
};

/** Sends on which thread it runs. */
export const threadThenNext: FunctionBody = (library) => library.send(Buffer.from(`${threadId}`), { bucket: 'next' });

/** Answers with its input and, after a comma, on which thread it runs itself. */
export const addThread: FunctionBody = (library) => answer(library, `${Buffer.from(inputOf(library))},${threadId}`);

/** Beats until its timer has fired so often. */
export const beats: FunctionBody = async (library) => {
  for (let i = 0; i < 20; i++) await sleep(1);
  answer(library, 'beaten');
};
