/** The function bodies of one workflow in one process. */
import { DriverError } from '../../workloads/api/driver.ts';
import { loadBody, runBody } from '../../workloads/api/run-body.ts';
import type { FunctionBody } from '../../workloads/api/workflow.ts';
import type { Program } from './compile.ts';
import { type Call, checkSize, type Ended, PAYLOAD_LIMIT_BYTES } from './envelope.ts';
import { toTerminal } from './errors.ts';
import type { Executor } from './executor.ts';
import type { Watchdog } from './watchdog.ts';

/** What all workflows of a process share. */
export interface Host {
  readonly executor: Executor;
  readonly watchdog: Watchdog;
}

export class Bodies {
  readonly #program: Program;
  readonly #bodies: ReadonlyMap<string, FunctionBody>;
  readonly #host: Host;

  private constructor(program: Program, bodies: ReadonlyMap<string, FunctionBody>, host: Host) {
    this.#program = program;
    this.#bodies = bodies;
    this.#host = host;
  }

  /** Rejects with `INVALID_WORKFLOW`. */
  static async load(program: Program, host: Host): Promise<Bodies> {
    const loading = Object.entries(program.functions).map(async ([name, { spec }]) => [name, await loadBody(name, spec)] as const);
    return new Bodies(program, new Map(await Promise.all(loading)), host);
  }

  /** One invocation, once the executor is free for it. Rejects with a `TerminalError`: Restate is not to try again. */
  async run({ run, root, fn, inputs }: Call, signal: AbortSignal): Promise<Ended> {
    const { rule, timeoutMs, concurrency } = this.#program.functions[fn]!;
    try {
      return await this.#host.executor.run(concurrency, async () => {
        if (signal.aborted) throw new DriverError('CANCELLED', `function "${fn}": cancelled before it began`);
        const over = this.#host.watchdog.watch({ run, root, fn, timeoutMs });
        try {
          const { emitted, span } = await runBody(this.#bodies.get(fn)!, { name: fn, inputs, rule, timeoutMs, signal });
          checkSize(`${emitted.length === 1 ? 'the value' : 'all values'} of function "${fn}"`, emitted, PAYLOAD_LIMIT_BYTES);
          return { values: emitted.map((value) => ({ from: fn, ...value })), spans: [span] };
        } finally {
          over();
        }
      });
    } catch (error) {
      throw toTerminal(error);
    }
  }
}
