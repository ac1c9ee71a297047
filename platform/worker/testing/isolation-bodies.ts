/** Functions of the tests of isolation: they say where they run, use the whole library, or end their process. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FunctionBody, Library } from '../../executor/library.ts';

const LONG_MS = 100_000;

function answer(library: Library, value: unknown): void {
  library.send(Buffer.from(JSON.stringify(value)), {}, { output: true });
}

/** In which process, with which environment. */
export const tellsProcess: FunctionBody = (library) => answer(library, { pid: process.pid, environment: Object.keys(process.env) });

export const tellsInvocation: FunctionBody = (library) => {
  const { app, fn, session, serial, attempt, inputs } = library;
  const [input] = inputs.map(({ bucket, key, group, metadata, source, bytes }) => ({
    ...{ bucket, key, group, metadata, source },
    text: Buffer.from(bytes).toString(),
  }));
  answer(library, { app, fn, session, serial, attempt, input });
};

/** Sends an object that it fills in place, and reads back what it and others have sent. */
export const sendsAll: FunctionBody = (library) => {
  const object = library.create({ bucket: 'each', key: 'k', group: 'g', metadata: 'm' }, 3);
  object.bytes.set([97, 98, 99]);
  library.send(object);
  const found = library.get('each', 'k');
  const codes = [
    () => library.send(Buffer.of(1), { bucket: 'nowhere' }),
    () => library.allocate(-1),
    () => library.get('nowhere', 'k'),
  ].map(codeOf);
  library.send(Buffer.from(JSON.stringify({ found: found && Buffer.from(found.bytes).toString(), codes })), { bucket: 'report', key: 'r' });
  library.expect('joined', 'g', ['a', 'b']);
  for (const key of ['b', 'a']) library.send(Buffer.from(key), { bucket: 'joined', group: 'g', key });
};

export const joins: FunctionBody = (library) => {
  const report = library.get('report', 'r');
  const keys = library.inputs.map(({ key }) => key);
  answer(library, { keys, absent: library.get('report', 'none') === undefined, ...JSON.parse(String(Buffer.from(report?.bytes ?? []))) });
};

/** Answers with its input, larger than any buffer of a pipe. */
export const echo: FunctionBody = (library) => library.send(library.inputs[0]?.bytes as Uint8Array, {}, { output: true });

export const echoLater: FunctionBody = async (library) => {
  await sleep(20);
  echo(library);
};

export const crashes: FunctionBody = () => process.kill(process.pid, 'SIGSEGV');

export const crashesOnce: FunctionBody = (library) => {
  if (library.attempt === 1) process.kill(process.pid, 'SIGSEGV');
  answer(library, `attempt ${library.attempt}`);
};

/** Sends more than the node's memory holds, and does not look at whether that worked. */
export const floods: FunctionBody = (library) => {
  for (;;) library.send(library.allocate(2 ** 20), { target: 'echo' });
};

export const spinsForever: FunctionBody = (library) => {
  answer(library, 'not to be told');
  for (;;);
};

/** Tells its process, which it then blocks for good. */
export const blocksWhere: FunctionBody = (library) => {
  answer(library, process.pid);
  setImmediate(() => {
    for (;;);
  });
};

export const waitsForSignal: FunctionBody = (library) => sleep(LONG_MS, undefined, { signal: library.signal });

export const garblesPipe: FunctionBody = async () => {
  const { writeSync } = await import('node:fs');
  writeSync(4, Buffer.alloc(100, 0xff));
  await sleep(LONG_MS);
};

function codeOf(use: () => unknown): string {
  try {
    use();
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
}
