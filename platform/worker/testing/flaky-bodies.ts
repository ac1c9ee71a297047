/** A chain of steps that go wrong as the call's input says. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FunctionBody } from '../../executor/library.ts';

/** How a run of a step goes; `slow`: right, but later than anybody waits for. */
export type Mishap = 'none' | 'throw' | 'throw-after-sending' | 'silence' | 'never-settle' | 'block' | 'exit' | 'slow';

/** The input of a call, which the steps pass on. */
export interface Script {
  /** How the runs of each step go, from the first of the call on, in whatever session; all right where nothing is said. */
  readonly mishaps: Readonly<Record<string, readonly Mishap[]>>;
  /** A folder for this call alone, where runs are counted. */
  readonly folder: string;
  /** The steps that have been passed. */
  readonly passed: readonly string[];
}

export const STEPS = ['s0', 's1', 's2', 's3'] as const;
const SLOW_MS = 900;

/** Passes the script on to the bucket named like the next step, the last step to the caller, too. */
export const step: FunctionBody = (library) => {
  const script = JSON.parse(Buffer.from(library.inputs[0]!.bytes).toString()) as Script;
  const mishap = script.mishaps[library.fn]?.[countRun(script.folder, library.fn)] ?? 'none';
  const position = STEPS.indexOf(library.fn as (typeof STEPS)[number]);
  const send = (): void => {
    const bytes = Buffer.from(JSON.stringify({ ...script, passed: [...script.passed, library.fn] }));
    const isLast = position === STEPS.length - 1;
    library.send(bytes, { bucket: isLast ? 'end' : (STEPS[position + 1] as string) }, { output: isLast });
  };
  switch (mishap) {
    case 'none':
      send();
      return;
    case 'throw':
      throw new Error('on purpose');
    case 'throw-after-sending':
      send();
      throw new Error('on purpose');
    case 'silence':
      return;
    case 'never-settle':
      return new Promise(() => {});
    case 'block':
      for (;;);
    case 'exit':
      process.exit(1);
      break;
    case 'slow':
      return new Promise<void>((resolve) => {
        setTimeout(() => {
          send();
          resolve();
        }, SLOW_MS);
      });
  }
};

/** How often the step has run before, on any thread. */
function countRun(folder: string, name: string): number {
  const file = join(folder, name);
  appendFileSync(file, '.');
  return readFileSync(file).length - 1;
}

/** Sends one object for each of its inputs' letters, and goes wrong halfway the first time. */
export const scatters: FunctionBody = (library) => {
  for (const key of ['a', 'b', 'c']) {
    library.send(Buffer.from(key), { bucket: 'letters', key, group: key });
    if (key === 'b' && library.attempt === 1) throw new Error('on purpose');
  }
};

/** Like `scatters`, and says nothing about it. */
export const scattersHalf: FunctionBody = (library) => {
  for (const key of library.attempt === 1 ? ['a', 'b'] : ['a', 'b', 'c']) {
    library.send(Buffer.from(key), { bucket: 'letters', key, group: 'all' });
  }
};

/** Outputs the keys of what it was started with. */
export const lists: FunctionBody = (library) => {
  library.send(Buffer.from(library.inputs.map(({ key }) => key).join('')), {}, { output: true });
};
