import { PheromoneError } from '../core/errors.ts';
import type { BucketPlan, FunctionPlan } from '../core/plan.ts';
import { NO_BUCKET, NO_FUNCTION, type ObjectStore } from '../store/objects.ts';
import type { LoadedApp } from './functions.ts';
import { type EntryId, type Invocation as LedgerEntry, NONE } from './ledger.ts';
import type { Destination, EpheObject, Library, ReceivedObject, SendOptions } from './library.ts';

/** What an invocation needs of the objects of its session. */
export type InvocationObjects = Pick<ObjectStore, 'readList' | 'bucket' | 'key' | 'group' | 'metadata' | 'source'>;

/** What an invocation needs of the executor, or of the process, that runs it. */
export interface InvocationHost {
  readonly objects: InvocationObjects;
  /** Memory for a payload; waits where there is none at the moment. */
  allocate(invocation: Invocation, size: number): Uint8Array;
  /** The bytes of an object that the invocation has got. */
  read(invocation: Invocation, ref: number): Uint8Array;
  /** Whether the session is over for its caller. */
  isAborted(slot: number, epoch: number): boolean;
  /** A number that is used once in the session. */
  nextSerial(slot: number): number;
  /** Writes the object's record and starts, or reports, what follows from it. */
  dispatch(invocation: Invocation, bytes: Uint8Array, send: ResolvedSend): void;
  /** The object of the session that was sent last under this bucket and key, or -1; where it lies on another node, waits for it. */
  find(invocation: Invocation, bucket: number, key: string): number;
  /** Reports which keys of a group a bucket is to expect. */
  expect(invocation: Invocation, bucket: number, group: string, keys: readonly string[]): void;
}

/** A send with its names resolved to positions in the plan. */
export interface ResolvedSend {
  readonly bucket: BucketPlan | undefined;
  /** Function that the object starts directly, or -1. */
  readonly target: number;
  readonly key: string;
  readonly group: string;
  readonly metadata: string;
  readonly output: boolean;
}

/** The library of one invocation. */
export class Invocation implements Library {
  /** Its entry in the ledger; `NONE` outside of the node's threads. */
  readonly entry: EntryId;
  readonly slot: number;
  readonly epoch: number;
  readonly loaded: LoadedApp;
  readonly plan: FunctionPlan;
  readonly attempt: number;
  readonly startedNs: number;
  /** Set once the body has returned a promise. */
  awaits = false;
  /** Set when the body is over; from then on the library refuses. */
  over = false;
  /** Set when it threw, was rejected, or ran out of time. */
  failed = false;
  /** Objects sent as output; the caller gets them once the body has ended well. */
  readonly outputs: number[] = [];
  readonly #host: InvocationHost;
  readonly #inputs: number;
  readonly #inputCount: number;
  #received: ReceivedObject[] | undefined;
  #serial: number | undefined;
  #controller: AbortController | undefined;
  #abortReason: PheromoneError | undefined;

  constructor(host: InvocationHost, loaded: LoadedApp, plan: FunctionPlan, entry: LedgerEntry, startedNs: number, id: EntryId = NONE) {
    this.#host = host;
    this.loaded = loaded;
    this.plan = plan;
    this.entry = id;
    this.slot = entry.slot;
    this.epoch = entry.epoch;
    this.attempt = entry.attempt;
    this.startedNs = startedNs;
    this.#inputs = entry.inputs;
    this.#inputCount = entry.inputCount;
  }

  get app(): string {
    return this.loaded.plan.name;
  }

  get fn(): string {
    return this.plan.definition.name;
  }

  get session(): string {
    return `${this.slot}.${this.epoch}`;
  }

  get serial(): number {
    this.#serial ??= this.#host.nextSerial(this.slot);
    return this.#serial;
  }

  get inputs(): readonly ReceivedObject[] {
    this.#received ??=
      this.#inputCount === 1
        ? [this.#receive(this.#inputs)]
        : this.#host.objects.readList(this.#inputs, this.#inputCount).map((ref) => this.#receive(ref));
    return this.#received;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    return this.#controller.signal;
  }

  /** Fires the signal, now or when somebody first asks for it. */
  abort(reason: PheromoneError): void {
    this.#abortReason ??= reason;
    this.#controller?.abort(this.#abortReason);
  }

  allocate(size: number): Uint8Array {
    this.#assertOpen('allocate');
    return this.#host.allocate(this, size);
  }

  create(destination: Destination, size: number): EpheObject {
    if (destination.bucket !== undefined || destination.target !== undefined) this.#resolve(destination, false);
    return { destination, bytes: this.allocate(size) };
  }

  send(object: EpheObject | Uint8Array, destinationOrOptions?: Destination | SendOptions, options?: SendOptions): void {
    this.#assertOpen('send');
    if (object instanceof Uint8Array) {
      const send = this.#resolve((destinationOrOptions ?? {}) as Destination, options?.output === true);
      this.#host.dispatch(this, object, send);
    } else {
      const send = this.#resolve(object.destination, (destinationOrOptions as SendOptions | undefined)?.output === true);
      this.#host.dispatch(this, object.bytes, send);
    }
  }

  expect(bucket: string, group: string, keys: readonly string[]): void {
    this.#assertOpen('expect');
    if (typeof group !== 'string' || !Array.isArray(keys) || keys.some((key) => typeof key !== 'string')) {
      throw new PheromoneError(
        'INVALID_ARGUMENT',
        `${this.#where()}: expect: expected a string as group and a list of strings as keys, got ${typeof group} and ${typeof keys}`,
      );
    }
    this.#host.expect(this, this.#sendable(bucket).index, group, keys);
  }

  get(bucket: string, key: string): ReceivedObject | undefined {
    this.#assertOpen('get');
    const ref = this.#host.find(this, this.#bucket(bucket).index, key);
    return ref < 0 ? undefined : this.#receive(ref);
  }

  #resolve({ bucket, target, key = '', group = '', metadata = '' }: Destination, output: boolean): ResolvedSend {
    if (typeof key !== 'string' || typeof group !== 'string' || typeof metadata !== 'string') {
      const got = `${typeof key}, ${typeof group}, ${typeof metadata}`;
      throw new PheromoneError('INVALID_ARGUMENT', `${this.#where()}: send: expected key, group and metadata to be strings, got ${got}`);
    }
    if (bucket === undefined && target === undefined && !output) {
      throw new PheromoneError(
        'INVALID_ARGUMENT',
        `${this.#where()}: send: expected a bucket, a target function or { output: true }, got none`,
      );
    }
    return {
      bucket: bucket === undefined ? undefined : this.#sendable(bucket),
      target: target === undefined ? -1 : this.#function(target),
      key,
      group,
      metadata,
      output,
    };
  }

  #sendable(name: string): BucketPlan {
    const bucket = this.#bucket(name);
    if (this.plan.sends !== undefined && !this.plan.sends.has(bucket.index)) {
      throw new PheromoneError(
        'UNKNOWN_BUCKET',
        `${this.#where()}: expected a bucket that the function was registered to send to, got "${name}"`,
      );
    }
    return bucket;
  }

  #bucket(name: string): BucketPlan {
    const { buckets, bucketIndex } = this.loaded.plan;
    const plan = buckets[bucketIndex.get(name) ?? -1];
    if (plan === undefined) throw new PheromoneError('UNKNOWN_BUCKET', `${this.#where()}: expected a bucket of the app, got "${name}"`);
    return plan;
  }

  #function(name: string): number {
    const index = this.loaded.plan.functionIndex.get(name);
    if (index === undefined)
      throw new PheromoneError('UNKNOWN_FUNCTION', `${this.#where()}: send: expected a function of the app, got "${name}"`);
    return index;
  }

  #receive(ref: number): ReceivedObject {
    return new StoredObject(this.#host, this, ref);
  }

  #assertOpen(call: string): void {
    if (this.over) throw new PheromoneError('INVALID_ARGUMENT', `${this.#where()}: ${call}: expected a running invocation, it is over`);
    if (this.#host.isAborted(this.slot, this.epoch))
      throw new PheromoneError('CANCELLED', `${this.#where()}: ${call}: the session is over`);
  }

  #where(): string {
    return `app "${this.app}": function "${this.fn}"`;
  }
}

/** Reads of the record only what is asked for: most functions want the bytes alone. */
class StoredObject implements ReceivedObject {
  readonly #host: InvocationHost;
  readonly #invocation: Invocation;
  readonly #ref: number;
  #bytes: Uint8Array | undefined;

  constructor(host: InvocationHost, invocation: Invocation, ref: number) {
    this.#host = host;
    this.#invocation = invocation;
    this.#ref = ref;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= this.#host.read(this.#invocation, this.#ref);
    return this.#bytes;
  }

  get bucket(): string {
    const index = this.#host.objects.bucket(this.#ref);
    return index === NO_BUCKET ? '' : (this.#invocation.loaded.plan.buckets[index]?.name ?? '');
  }

  get key(): string {
    return this.#host.objects.key(this.#ref);
  }

  get group(): string {
    return this.#host.objects.group(this.#ref);
  }

  get metadata(): string {
    return this.#host.objects.metadata(this.#ref);
  }

  get source(): string {
    const index = this.#host.objects.source(this.#ref);
    return index === NO_FUNCTION ? '' : (this.#invocation.loaded.plan.functions[index]?.definition.name ?? '');
  }
}
