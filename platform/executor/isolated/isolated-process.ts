/** The executor's end of a process that runs functions of an isolated app: it stands in for them in the node. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { serialize } from 'node:v8';
import type { AppDefinition } from '../../core/app.ts';
import { PheromoneError } from '../../core/errors.ts';
import type { AppPlan } from '../../core/plan.ts';
import { afterExecutorDeath } from '../../core/recovery.ts';
import { FrameDecoder } from '../../wire/codec.ts';
import type { Invocation } from '../invocation.ts';
import type { ReceivedObject } from '../library.ts';
import {
  FROM_PROCESS,
  type FromProcess,
  frameHead,
  LIFELINE_FD,
  type ObjectHead,
  SAID_FD,
  TO_PROCESS,
  TOLD_FD,
  type ToProcess,
} from './messages.ts';

/** How long a process may take to hear of an abort before it counts as blocked, and a body to end after it. */
const ABORT_GRACE_MS = 400;
/** How long after its end what a process has said is waited for. */
const CLOSE_GRACE_MS = 200;
/** Of what a process writes to its standard error so much is kept, to see why it ended. */
const LAST_WORDS_LENGTH = 4_096;
/** What a process gets of the node's environment. */
const ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'];
const ENTRY = fileURLToPath(new URL(`./process-entry${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url));
const NOTHING = new Uint8Array(0);

/** The process ended under an invocation. */
export class ProcessDied extends PheromoneError {
  /** Whether the invocation may be what ended it. */
  readonly isSuspect: boolean;

  constructor(message: string, isSuspect: boolean) {
    super('EXECUTOR_DIED', message);
    this.isSuspect = isSuspect;
  }

  /** Whether the invocation, under which it ended, runs again. */
  runsAgain({ loaded, attempt }: Invocation): boolean {
    return afterExecutorDeath(loaded.plan.recovery, attempt, this.isSuspect) === 'rerun';
  }
}

export interface ProcessSetup {
  readonly definition: AppDefinition;
  readonly plan: AppPlan;
  /** Whether it loads all functions at once; then `loaded` tells when. */
  readonly load: boolean;
  /** 0: what the runtime gives itself. */
  readonly heapMb: number;
}

export interface ProcessEvents {
  /** An error that nobody caught, of a function of the app. */
  stray(slot: number, epoch: number, fn: number, error: PheromoneError): void;
  /** It is gone. */
  ended(process: IsolatedProcess): void;
  /** Nothing of what it runs is wanted any more. */
  idle(process: IsolatedProcess): void;
}

/** An invocation under way. */
interface Run {
  readonly invocation: Invocation;
  resolve(): void;
  reject(error: PheromoneError): void;
}

export class IsolatedProcess {
  readonly #app: AppPlan;
  readonly #events: ProcessEvents;
  readonly #process: ChildProcess;
  readonly #told: Socket;
  readonly #said: Socket;
  readonly #runs = new Map<number, Run>();
  /** Aborted runs whose bodies have not ended. */
  readonly #aborted = new Map<number, { readonly timer: NodeJS.Timeout; isHeard: boolean }>();
  readonly #loads: { resolve(): void; reject(error: PheromoneError): void }[] = [];
  #nextId = 0;
  #lastWords = '';
  /** Why it was killed. */
  #verdict: string | undefined;
  /** Whether what it ran may have ended it. */
  #isToBlame = true;
  #retired = false;
  #isOver = false;

  constructor({ definition, plan, load, heapMb }: ProcessSetup, events: ProcessEvents) {
    this.#app = plan;
    this.#events = events;
    const execArgv = heapMb === 0 ? [] : [`--max-old-space-size=${heapMb}`];
    this.#process = spawn(process.execPath, [...execArgv, ENTRY], {
      env: Object.fromEntries(ENVIRONMENT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
      stdio: ['ignore', 'inherit', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    const pipes = this.#process.stdio as unknown as readonly Socket[];
    this.#told = pipes[TOLD_FD] as Socket;
    this.#said = pipes[SAID_FD] as Socket;
    // Writing to one that has just ended is no fault of the node's; the end itself tells.
    for (const fd of [TOLD_FD, SAID_FD, LIFELINE_FD]) pipes[fd]?.on('error', () => {});
    const decoder = new FrameDecoder(FROM_PROCESS, (message, payload) => this.#receive(message, payload));
    this.#said.on('data', (chunk: Buffer) => this.#decode(decoder, chunk));
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk);
      this.#lastWords = (this.#lastWords + chunk).slice(-LAST_WORDS_LENGTH);
    });
    this.#process.once('error', (error) => this.#onEnd(`could not be started: ${error.message}`));
    // What it said before it ended is read first; but somebody else may hold its end of a pipe open.
    this.#process.once('exit', () => setTimeout(() => this.#onEnd(this.#how()), CLOSE_GRACE_MS).unref());
    this.#process.once('close', () => this.#onEnd(this.#how()));
    this.#tell({ type: 'app', load }, [serialize(definition)]);
  }

  /** Whether it may be given more to run. */
  get isOpen(): boolean {
    return this.#verdict === undefined && !this.#retired;
  }

  get isIdle(): boolean {
    return this.#runs.size + this.#loads.length + this.#aborted.size === 0;
  }

  /** Resolves when it has loaded all functions; for one that was started so. Takes longer than `withinMs`: it is ended. */
  loaded(withinMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      reject(new PheromoneError('FUNCTION_LOAD_FAILED', `app "${this.#app.name}": expected its functions to load within ${withinMs} ms`));
      this.kill('was ended, for its functions did not load in time');
    }, withinMs);
    this.#loads.push({ resolve, reject });
    return promise.finally(() => clearTimeout(timer));
  }

  /** Runs an invocation: does in the node what its body does in the process. Rejects as the body does, or with {@link ProcessDied}. */
  run(invocation: Invocation): Promise<void> {
    const id = this.#nextId++;
    const { slot, epoch, attempt, serial, plan, signal, inputs } = invocation;
    const objects = inputs.map((input) => this.#headOf(input));
    const run = { type: 'run', id, fn: plan.index, slot, epoch, attempt, serial, inputs: objects } as const;
    return new Promise((resolve, reject) => {
      this.#runs.set(id, { invocation, resolve, reject });
      signal.addEventListener('abort', () => this.#abort(id), { once: true });
      this.#tell(
        run,
        inputs.map(({ bytes }) => bytes),
      );
    });
  }

  /** Ends it. `isItsFault`: what it runs is to blame. */
  kill(why: string, isItsFault = false): void {
    if (this.#verdict === undefined) {
      this.#verdict = why;
      this.#isToBlame = isItsFault;
    }
    this.#process.kill('SIGKILL');
  }

  #decode(decoder: FrameDecoder<FromProcess>, chunk: Uint8Array): void {
    if (this.#verdict !== undefined) return;
    try {
      decoder.push(chunk);
    } catch (error) {
      this.kill(`was ended, for it wrote what is no message: ${(error as Error).message}`, true);
    }
  }

  #receive(message: FromProcess, payload: Uint8Array): void {
    switch (message.type) {
      case 'loaded':
        this.#loads.shift()?.resolve();
        break;
      case 'load-failed':
        this.#loads.shift()?.reject(new PheromoneError(message.code, message.message));
        break;
      case 'stray':
        this.#events.stray(message.slot, message.epoch, message.fn, new PheromoneError(message.code, message.message));
        break;
      case 'get':
        this.#get(message.id, message.bucket, message.key);
        break;
      case 'aborted':
        this.#onHeard(message.id);
        break;
      case 'ended':
        this.#onBodyEnd(message.id, undefined);
        break;
      case 'failed':
        this.#onBodyEnd(message.id, new PheromoneError(message.code, message.message));
        break;
      default:
        this.#replay(message, payload);
    }
    if (this.isIdle) this.#events.idle(this);
  }

  /** What the node refuses, the process can be told only now, when its body is past it: the invocation fails. */
  #replay(message: Extract<FromProcess, { type: 'send' | 'expect' }>, payload: Uint8Array): void {
    const invocation = this.#runs.get(message.id)?.invocation;
    if (invocation === undefined) return;
    const bucket = this.#app.buckets[message.bucket]?.name;
    try {
      if (message.type === 'expect') {
        invocation.expect(bucket ?? '', message.group, message.keys);
      } else {
        const { key, group, metadata, output } = message;
        const target = this.#app.functions[message.target]?.definition.name;
        const to = { key, group, metadata, ...(bucket === undefined ? {} : { bucket }), ...(target === undefined ? {} : { target }) };
        invocation.send(payload, to as { readonly bucket: string }, { output });
      }
    } catch (error) {
      this.#refuse(message.id, error as PheromoneError);
    }
  }

  #get(id: number, bucket: number, key: string): void {
    const invocation = this.#runs.get(id)?.invocation;
    let found: ReceivedObject | undefined;
    try {
      found = invocation?.get(this.#app.buckets[bucket]?.name ?? '', key);
    } catch (error) {
      this.#refuse(id, error as PheromoneError);
    }
    const bytes = found?.bytes ?? NOTHING;
    this.#said.write(frameHead(TO_PROCESS, { type: 'got', object: found && this.#headOf(found) }, bytes.length));
    // A copy: it may go out when the invocation, and with it this memory, is over.
    if (bytes.length > 0) this.#said.write(Uint8Array.from(bytes));
  }

  #refuse(id: number, error: PheromoneError): void {
    this.#abort(id);
    this.#settle(id, error);
  }

  #abort(id: number): void {
    if (!this.#runs.has(id)) return;
    if (!this.#aborted.has(id)) this.#aborted.set(id, { timer: setTimeout(() => this.#onStuck(id), ABORT_GRACE_MS), isHeard: false });
    this.#tell({ type: 'abort', id, message: 'the session is over' }, []);
  }

  #onHeard(id: number): void {
    const aborted = this.#aborted.get(id);
    if (aborted !== undefined) aborted.isHeard = true;
    this.#settle(id, new PheromoneError('CANCELLED', 'the session is over'));
  }

  /** A body that was aborted goes on. One that blocks its process is ended with it; one that awaits, once it has no neighbours. */
  #onStuck(id: number): void {
    this.#retired = true;
    const isBlocked = this.#aborted.get(id)?.isHeard === false;
    if (isBlocked || this.#runs.size === 0) this.kill('was ended, for a function of it did not end when it was aborted');
  }

  #onBodyEnd(id: number, error: PheromoneError | undefined): void {
    clearTimeout(this.#aborted.get(id)?.timer);
    this.#aborted.delete(id);
    this.#settle(id, error);
  }

  #settle(id: number, error: PheromoneError | undefined): void {
    const run = this.#runs.get(id);
    if (run === undefined) return;
    this.#runs.delete(id);
    if (error === undefined) run.resolve();
    else run.reject(error);
    if (this.#retired && this.#runs.size === 0) this.kill('was replaced');
  }

  #how(): string {
    const { exitCode, signalCode } = this.#process;
    return `ended with ${signalCode ?? `exit code ${exitCode}`}`;
  }

  #onEnd(how: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const isMemory = this.#lastWords.includes('JavaScript heap out of memory');
    this.#verdict ??= isMemory ? `${how}: its memory, the heap, is full` : how;
    for (const { timer } of this.#aborted.values()) clearTimeout(timer);
    const runs = [...this.#runs.values()];
    this.#runs.clear();
    for (const { invocation, reject } of runs) {
      reject(new ProcessDied(`app "${this.#app.name}": function "${invocation.fn}": its process ${this.#verdict}`, this.#isToBlame));
    }
    for (const { reject } of this.#loads.splice(0)) {
      reject(new PheromoneError('EXECUTOR_DIED', `app "${this.#app.name}": the process that loads its functions ${this.#verdict}`));
    }
    this.#events.ended(this);
  }

  #headOf({ bucket, source, key, group, metadata, bytes }: ReceivedObject): ObjectHead {
    const { bucketIndex, functionIndex } = this.#app;
    return { bucket: bucketIndex.get(bucket) ?? -1, source: functionIndex.get(source) ?? -1, key, group, metadata, size: bytes.length };
  }

  #tell(message: ToProcess, payload: readonly Uint8Array[]): void {
    const payloadBytes = payload.reduce((sum, { length }) => sum + length, 0);
    this.#told.cork();
    this.#told.write(frameHead(TO_PROCESS, message, payloadBytes));
    for (const bytes of payload) if (bytes.length > 0) this.#told.write(bytes);
    this.#told.uncork();
  }
}
