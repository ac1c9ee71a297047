/** The stage of a random pipeline: a number comes in, or several that are added up; numbers go out. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FunctionBody, Library } from '../../executor/library.ts';

export interface Stage {
  /** How its objects start the next stage; the last one answers with its number. */
  readonly kind: 'immediate' | 'by-name' | 'by-set' | 'dynamic-group';
  /** Objects that each invocation sends: its number, that plus one, and so on; their keys count from 0. */
  readonly fan: number;
  /** Groups that the objects are dealt out to. */
  readonly groups: number;
  /** What it does before it sends. */
  readonly mode: 'at once' | 'compute' | 'await';
}

export function stage({ fan, groups, mode, next }: Stage & { readonly next: string | undefined }): FunctionBody {
  const send = (library: Library): void => {
    const number = library.inputs.reduce((sum, { bytes }) => sum + Number(Buffer.from(bytes).toString()), 0);
    if (next === undefined) {
      library.send(Buffer.from(`${number}`), {}, { output: true });
      return;
    }
    for (let i = 0; i < fan; i++) library.send(Buffer.from(`${number + i}`), { bucket: next, key: `${i}`, group: `${i % groups}` });
  };
  if (mode === 'at once') return send;
  if (mode === 'await') return (library) => sleep(1).then(() => send(library));
  return (library) => {
    for (const until = performance.now() + 0.1; performance.now() < until; );
    send(library);
  };
}
