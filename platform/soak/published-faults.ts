/** Functions that provoke what the published C++ code fails at. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FunctionBody } from '../executor/library.ts';

/** Answers with its input. */
export const echo: FunctionBody = (library) => library.send(library.inputs[0]!.bytes, {}, { output: true });

export const throws: FunctionBody = () => {
  throw new Error('on purpose');
};

/** As a native crash does, where the app has processes of its own. */
export const crashes: FunctionBody = () => process.kill(process.pid, 'SIGSEGV');

export const endsThread: FunctionBody = () => process.exit(1);

/** Hands its input on under a key that is full of separators. */
export const pass: FunctionBody = (library) => {
  library.send(library.inputs[0]!.bytes, { bucket: 'passed', key: 'a|b\0c', group: '|', metadata: '\0|' });
};

/** Answers with its input if the key came whole. */
export const take: FunctionBody = (library) => {
  const [{ bytes, key, group, metadata }] = library.inputs as [(typeof library.inputs)[number]];
  if (key !== 'a|b\0c' || group !== '|' || metadata !== '\0|') throw new Error(`expected the key whole, got ${JSON.stringify(key)}`);
  library.send(bytes, { key }, { output: true });
};

/** Sends so many objects, one after the other, as it is told. */
export const flood: FunctionBody = (library) => {
  const count = Number(Buffer.from(library.inputs[0]!.bytes).toString());
  for (let i = 0; i < count; i++) library.send(Buffer.from(`${i}`), { bucket: 'parts', key: `${i}` });
};

/** Answers with how many different objects came. */
export const count: FunctionBody = (library) => {
  const different = new Set(library.inputs.map(({ bytes }) => Buffer.from(bytes).toString()));
  library.send(Buffer.from(`${different.size}`), {}, { output: true });
};

/** Answers after a moment, and with so many bytes of an object that it leaves in its session. */
export const work: FunctionBody = async (library) => {
  library.send(library.allocate(50_000), { bucket: 'left' });
  await sleep(2);
  echo(library);
};

/** Answers when nobody waits any more. */
export const slow: FunctionBody = async (library) => {
  await sleep(50_000, undefined, { signal: library.signal });
  echo(library);
};

/** Answers with what the app's definition has it say. */
export function say({ text }: { text: string }): FunctionBody {
  return (library) => library.send(Buffer.from(text), {}, { output: true });
}
