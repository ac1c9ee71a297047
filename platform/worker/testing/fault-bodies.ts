/** Functions of the tests of faults: a few work, each of the others goes wrong in a way of its own. */
import { execSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FunctionBody, Library } from '../../executor/library.ts';

const LONG_MS = 100_000;
const MIB = 2 ** 20;
let left: Library | undefined;

function answer(library: Library, text: string): void {
  library.send(Buffer.from(text), {}, { output: true });
}

function block(): never {
  for (;;);
}

export const echo: FunctionBody = (library) => library.send(library.inputs[0]?.bytes as Uint8Array, {}, { output: true });

export const echoLater: FunctionBody = async (library) => {
  await sleep(20);
  echo(library);
};

export const echoMuchLater: FunctionBody = async (library) => {
  await sleep(300);
  echo(library);
};

export const throwsError: FunctionBody = () => {
  throw new Error('on purpose');
};

export const throwsNothing: FunctionBody = () => {
  throw undefined;
};

export const throwsSymbol: FunctionBody = () => {
  throw Symbol('on purpose');
};

export const throwsTextless: FunctionBody = () => {
  throw Object.create(null);
};

export const throwsLongText: FunctionBody = () => {
  throw new Error('x'.repeat(70 * MIB));
};

export const rejectsLater: FunctionBody = async () => {
  await sleep(5);
  throw new Error('on purpose');
};

/** Its `then` is no promise's: it calls back twice, in place. */
export const returnsOddThenable: FunctionBody = (library) => {
  answer(library, 'odd');
  // biome-ignore lint/suspicious/noThenProperty: what the test is about
  return { then: (resolve: (value: unknown) => void) => [resolve(1), resolve(2)] };
};

export const returnsThrowingThenable: FunctionBody = () => ({
  // biome-ignore lint/suspicious/noThenProperty: what the test is about
  get then() {
    throw new Error('on purpose');
  },
});

export const straysWhileRunning: FunctionBody = async (library) => {
  void sleep(5).then(throwsError as () => void);
  await sleep(LONG_MS, undefined, { signal: library.signal });
};

export const throwsInTimer: FunctionBody = async (library) => {
  setTimeout(throwsError as () => void, 5);
  await sleep(LONG_MS, undefined, { signal: library.signal });
};

/** Leaves a promise behind that is rejected while what it started still runs. */
export const straysAfterReturn: FunctionBody = (library) => {
  void sleep(20).then(throwsError as () => void);
  library.send(library.allocate(0), { target: 'waitsForSignal' });
};

export const straysAfterSession: FunctionBody = (library) => {
  void sleep(50).then(throwsError as () => void);
  answer(library, 'done');
};

export const waitsForSignal: FunctionBody = (library) => sleep(LONG_MS, undefined, { signal: library.signal });

export const neverSettles: FunctionBody = () => new Promise(() => {});

export const spins: FunctionBody = () => block();

export const sendsForever: FunctionBody = (library) => {
  for (;;) library.send(library.inputs[0]?.bytes as Uint8Array, { target: 'echo' });
};

export const recursesAndSends: FunctionBody = (library) => {
  library.send(library.inputs[0]?.bytes as Uint8Array, { target: 'echo' });
  recursesAndSends(library);
};

export const waitsOnMemory: FunctionBody = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);

/** Holds its thread in a native call, which nothing can interrupt. */
export const holdsThread: FunctionBody = () => execSync('sleep 1');

/** Likewise, until the file is there that its input names; not for ever. */
export const holdsThreadUntil: FunctionBody = (library) => {
  const path = Buffer.from(library.inputs[0]?.bytes ?? []).toString();
  execSync('for i in $(seq 600); do [ -e "$RELEASE" ] && break; sleep 0.05; done', { env: { ...process.env, RELEASE: path } });
};

export const spinsAfterAwait: FunctionBody = async () => {
  await sleep(5);
  block();
};

export const sendsToUnknownBucket: FunctionBody = (library) => library.send(library.allocate(1), { bucket: 'nowhere' });

export const sendsToUnknownFunction: FunctionBody = (library) => library.send(library.allocate(1), { target: 'nobody' });

export const sendsNowhere: FunctionBody = (library) => library.send(library.allocate(1), {});

export const sendsNumberAsKey: FunctionBody = (library) => library.send(library.allocate(1), { key: 1 as never }, { output: true });

export const sendsLongKey: FunctionBody = (library) => library.send(library.allocate(1), { key: 'ü'.repeat(513) }, { output: true });

/** In small steps: one allocation far beyond the limit would end the process, whatever the limit of the thread. */
export const exhaustsHeap: FunctionBody = () => {
  let held: object = {};
  for (let i = 0; ; i++) held = { before: held, text: `${i}` };
};

export const allocatesTooMuch: FunctionBody = (library) => library.allocate(2 ** 30 + 1);

export const allocatesNegative: FunctionBody = (library) => library.allocate(-1);

export const exhaustsMemory: FunctionBody = (library) => {
  for (;;) library.allocate(MIB);
};

export const exhaustsMemoryToTheLast: FunctionBody = (library) => {
  try {
    exhaustsMemory(library);
  } catch {
    for (;;) library.send(library.allocate(1_000), { target: 'echo' });
  }
};

/** Sends a group whose list of inputs needs more memory than it leaves. */
export const exhaustsMemoryOfFiring: FunctionBody = (library) => {
  for (let i = 0; i < 30_000; i++) library.send(library.inputs[0]?.bytes as Uint8Array, { bucket: 'group', group: 'g' });
  try {
    for (;;) library.allocate(50_000);
  } catch {}
};

/** The same bytes again and again: more than a frame can carry, and next to no memory. */
export const answersTooMuch: FunctionBody = (library) => {
  const bytes = library.allocate(10 * MIB);
  for (let i = 0; i < 110; i++) library.send(bytes, {}, { output: true });
};

export const expectsNoList: FunctionBody = (library) => library.expect('join', 'g', null as never);

export const exits: FunctionBody = () => process.exit(3);

export const exitsOnce: FunctionBody = (library) => {
  if (library.attempt === 1) process.exit(3);
  answer(library, `attempt ${library.attempt}`);
};

/** Says that all is well, and keeps the library for {@link usesLeftLibrary}. */
export const leavesLibrary: FunctionBody = (library) => {
  left = library;
  answer(library, 'done');
};

export const usesLeftLibrary: FunctionBody = (library) => {
  const codes = [() => left?.send(Buffer.from('late'), {}, { output: true }), () => left?.allocate(1), () => left?.get('group', 'k')].map(
    (use) => {
      try {
        use();
        return 'ok';
      } catch (error) {
        return (error as { code: string }).code;
      }
    },
  );
  answer(library, codes.join());
};
