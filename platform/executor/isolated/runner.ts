/** Runs the functions of one app inside a process of its own, on behalf of an executor. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { inspect } from 'node:util';
import { deserialize } from 'node:v8';
import type { AppDefinition } from '../../core/app.ts';
import { PheromoneError } from '../../core/errors.ts';
import type { FunctionPlan } from '../../core/plan.ts';
import { hostNowNs } from '../clock.ts';
import { failureOf } from '../failure.ts';
import { AppShelf, type LoadedApp, loadAll, loadFunction } from '../functions.ts';
import { Invocation } from '../invocation.ts';
import type { ToProcess } from './messages.ts';
import { say } from './pipe.ts';
import { RemoteHost } from './remote-host.ts';

type Run = Extract<ToProcess, { type: 'run' }>;

export class Runner {
  #app: LoadedApp | undefined;
  readonly #running = new Map<number, { readonly host: RemoteHost; readonly invocation: Invocation }>();
  readonly #current = new AsyncLocalStorage<Invocation>();

  receive(message: ToProcess, payload: Uint8Array): void {
    if (message.type === 'app') this.#load(deserialize(payload) as AppDefinition, message.load);
    else if (message.type === 'run') void this.#run(message, payload);
    else if (message.type === 'abort') this.#abort(message.id, message.message);
  }

  /** An error that nobody caught: charged to the invocation in whose course it arose. */
  stray(error: unknown): void {
    const invocation = this.#current.getStore();
    if (invocation === undefined) {
      // The node's log has what is written here.
      process.stderr.write(`stray error outside of any invocation: ${inspect(error)}\n`);
      return;
    }
    const { slot, epoch, plan, loaded } = invocation;
    say({ type: 'stray', slot, epoch, fn: plan.index, ...failureOf(loaded.plan, plan.index, error) });
  }

  #load(definition: AppDefinition, load: boolean): void {
    const app = new AppShelf({ labels: [], placesAll: false }).add(0, definition);
    this.#app = app;
    if (!load) return;
    loadAll(app).then(
      () => say({ type: 'loaded' }),
      ({ code, message }: PheromoneError) => say({ type: 'load-failed', code, message }),
    );
  }

  async #run({ id, fn, slot, epoch, attempt, serial, inputs }: Run, payload: Uint8Array): Promise<void> {
    const app = this.#app as LoadedApp;
    const host = new RemoteHost(id, serial, inputs, payload);
    const entry = { slot, epoch, fn, inputs: 0, inputCount: inputs.length, attempt, dueMs: 0 };
    const invocation = new Invocation(host, app, app.plan.functions[fn] as FunctionPlan, entry, hostNowNs());
    this.#running.set(id, { host, invocation });
    try {
      const body = app.bodies[fn] ?? (await loadFunction(app, fn));
      await this.#current.run(invocation, body, invocation);
      say({ type: 'ended', id });
    } catch (error) {
      say({ type: 'failed', id, ...failureOf(app.plan, fn, error) });
    } finally {
      invocation.over = true;
      this.#running.delete(id);
    }
  }

  #abort(id: number, why: string): void {
    const running = this.#running.get(id);
    if (running !== undefined) {
      running.host.aborted = true;
      running.invocation.abort(new PheromoneError('CANCELLED', why));
    }
    say({ type: 'aborted', id });
  }
}
