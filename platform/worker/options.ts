/** How a worker node is set up. Every default of it stands here. */
import { LIMITS } from '../core/limits.ts';
import { GRANULE_BYTES, THREADS } from '../store/memory.ts';
import { parseAddress } from '../wire/address.ts';

export interface WorkerOptions {
  /** Where the node listens. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Executor threads. */
  readonly executors: number;
  /** Object memory; reserved at once, committed as it is used. */
  readonly arenaBytes: number;
  /** How long an executor looks for more work before it parks. */
  readonly spinMs: number;
  /** What the node is called within its cluster; unique there. `''`: named after its process. */
  readonly name: string;
  /** What functions may require of a node, such as `gpu`. */
  readonly labels: readonly string[];
  /** Where the cluster's manager listens, as `host:port`; `''`: the node is by itself. */
  readonly manager: string;
  /** Where the other members reach it, as `host:port`; `''`: where it listens. */
  readonly advertise: string;
  /** How long another node that owes an answer may say nothing before it is asked whether it is there. */
  readonly pingMs: number;
  /** After so long a silence it is taken for lost, and what it had runs elsewhere. At least three times `pingMs`. */
  readonly silenceMs: number;
  /** How long the node, told to stop, goes on with the sessions that it has. */
  readonly drainMs: number;
  /** How long invocations wait for an executor of their own node before they go to another one (delayed forwarding). */
  readonly forwardDelayMs: number;
  /** Objects up to this size travel with the message that needs them; larger ones are fetched. 0: none do. */
  readonly piggybackBytes: number;
  /** Whether objects of other nodes are fetched as soon as they are known, and not only when a function needs them. */
  readonly prefetch: boolean;
  /** `false`: a coordinator places every invocation, also one that this node could start itself. For measuring. */
  readonly twoTier: boolean;
  /** `false`: objects go from node to node by way of the durable store. For measuring. */
  readonly directTransfer: boolean;
  /** JavaScript heap of each executor's thread, and of processes whose app does not say, in MiB; 0: what the runtime gives itself. */
  readonly heapMb: number;
  /** Object memory that each app may hold that does not say itself; 0: as much as there is. */
  readonly appMemoryBytes: number;
  /** Object memory in use from which on objects that wait for a trigger go to the durable store; 0: nine tenths of it. */
  readonly spillBytes: number;
  /** How long an invocation waits for room in object memory before it fails with `OUT_OF_MEMORY`, at most. */
  readonly memoryWaitMs: number;
  /** `false`: functions of all apps run in processes of their own, with copies of their inputs. For measuring. */
  readonly sharedMemory: boolean;
  /** How long the functions of an app may take to load; what blocks for longer loses its thread, or its process. */
  readonly loadMs: number;
  /** Processes of isolated apps that an executor keeps without work, at most. */
  readonly idleProcesses: number;
  /** How long it keeps one. */
  readonly idleProcessMs: number;
  /** Where the code of bundles is written on first use; all processes of a machine may share it. `''`: a folder of the user. */
  readonly bundleFolder: string;
}

export const WORKER_DEFAULTS: WorkerOptions = {
  host: '127.0.0.1',
  port: 0,
  executors: 2,
  arenaBytes: 4 * 2 ** 30,
  spinMs: 0.012,
  name: '',
  labels: [],
  manager: '',
  advertise: '',
  pingMs: 500,
  silenceMs: 3_000,
  drainMs: 3_000,
  forwardDelayMs: 1,
  piggybackBytes: 16_384,
  prefetch: false,
  twoTier: true,
  directTransfer: true,
  heapMb: 0,
  appMemoryBytes: 0,
  spillBytes: 0,
  memoryWaitMs: 10_000,
  sharedMemory: true,
  loadMs: 30_000,
  idleProcesses: 4,
  idleProcessMs: 60_000,
  bundleFolder: '',
};

/** Fills in defaults. Throws a RangeError that names the option, what was expected and what came. */
export function workerOptions(given: Partial<WorkerOptions>): WorkerOptions {
  const options = { ...WORKER_DEFAULTS, ...given };
  expectInteger('executors', options.executors, 1, THREADS / 2);
  expectInteger('port', options.port, 0, 65_535);
  expectInteger('arenaBytes', options.arenaBytes, GRANULE_BYTES, 16 * 2 ** 30);
  if (options.arenaBytes % GRANULE_BYTES !== 0) {
    throw new RangeError(`arenaBytes: expected a multiple of ${GRANULE_BYTES}, got ${options.arenaBytes}`);
  }
  if (options.heapMb !== 0) expectInteger('heapMb', options.heapMb, LIMITS.heapMinMb, LIMITS.heapMaxMb);
  expectInteger('appMemoryBytes', options.appMemoryBytes, 0, 16 * 2 ** 30);
  expectInteger('loadMs', options.loadMs, 1, 2 ** 31 - 1);
  expectInteger('spillBytes', options.spillBytes, 0, options.arenaBytes);
  expectInteger('memoryWaitMs', options.memoryWaitMs, 0, 600_000);
  expectInteger('idleProcesses', options.idleProcesses, 0, 1_000);
  expectInteger('idleProcessMs', options.idleProcessMs, 1, 2 ** 31 - 1);
  expectInteger('pingMs', options.pingMs, 1, 60_000);
  expectInteger('silenceMs', options.silenceMs, 3 * options.pingMs, 600_000);
  if (options.advertise !== '') parseAddress('advertise', options.advertise);
  if (!(options.spinMs >= 0 && options.spinMs <= 1_000)) throw new RangeError(`spinMs: expected 0 to 1000, got ${options.spinMs}`);
  return options;
}

function expectInteger(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name}: expected a whole number from ${min} to ${max}, got ${value}`);
  }
}
