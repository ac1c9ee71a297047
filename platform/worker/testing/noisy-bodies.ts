/** Functions of an app that is a bad neighbour, and those of one that is not. */
import type { FunctionBody, Library } from '../../executor/library.ts';

const MIB = 2 ** 20;
const BRIEF_MS = 1;
const BRANCHES = 5_000;

function answer(library: Library): void {
  library.send(Buffer.of(1), {}, { output: true });
}

export const loops: FunctionBody = () => {
  for (;;);
};

export const exits: FunctionBody = () => process.exit();

export const throws: FunctionBody = () => {
  throw new Error('on purpose');
};

/** Leaves rejections behind that nobody handles. */
export const leaksRejections: FunctionBody = (library) => {
  for (let i = 0; i < 10; i++) void Promise.reject(new Error('on purpose'));
  answer(library);
};

export const fillsMemory: FunctionBody = (library) => {
  for (;;) library.allocate(MIB);
};

/** Computes for a moment. */
export const works: FunctionBody = (library) => {
  for (const untilMs = performance.now() + BRIEF_MS; performance.now() < untilMs; );
  answer(library);
};

/** Starts thousands of invocations on the thread that it runs on. */
export const fansOut: FunctionBody = (library) => {
  for (let i = 0; i < BRANCHES; i++) library.send(Buffer.of(1), { target: 'works' });
};

/** Passes its input on, one longer. */
export const grows: FunctionBody = (library) => {
  const input = library.inputs[0]?.bytes as Uint8Array;
  const bytes = library.allocate(input.length + 1);
  bytes.set(input);
  bytes[input.length] = input.length;
  if (bytes.length < 5) library.send(bytes, { bucket: 'grown' });
  else library.send(bytes, {}, { output: true });
};
