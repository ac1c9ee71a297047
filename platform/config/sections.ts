/** Everything that can be configured, in one table. Defaults and ranges are those of the roles; docs/configuration.md is made from this. */
import { COORDINATOR_DEFAULTS, type CoordinatorOptions, coordinatorOptions } from '../coordinator/options.ts';
import { LOG_DEFAULTS, LOG_LEVELS, type LogLevel } from '../log/log.ts';
import { MANAGER_DEFAULTS, type ManagerOptions, managerOptions } from '../manager/options.ts';
import type { StoreConfig } from '../store/durable/open-store.ts';
import { WORKER_DEFAULTS, type WorkerOptions, workerOptions } from '../worker/options.ts';
import { GATEWAY, GATEWAY_BOUNDS } from './gateway-sections.ts';
import {
  ADDRESS,
  type Address,
  choice,
  defaulted,
  NUMBER,
  optional,
  PATH,
  type Section,
  SWITCH,
  TEXT,
  TEXTS,
  WHOLE_NUMBER,
} from './setting.ts';

export interface ClusterSettings {
  readonly manager: Address | undefined;
  readonly node: Address | undefined;
  readonly secretFile: string | undefined;
  readonly secret: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly tlsCa: string | undefined;
  readonly tlsServerName: string | undefined;
}

export const CLUSTER: Section<ClusterSettings> = {
  name: 'cluster',
  title: 'Which cluster, and what guards it',
  settings: {
    manager: optional(ADDRESS, 'where the manager of the cluster listens; left out: that of the cluster in the state folder, if any'),
    node: optional(ADDRESS, 'a worker node or coordinator to speak to instead of the whole cluster'),
    secretFile: optional(PATH, 'a file that holds the secret of the cluster, without which no role listens beyond this machine'),
    secret: { ...optional(TEXT, 'the secret itself'), secret: true },
    tlsCert: optional(PATH, 'certificate (PEM) that this process shows to the others of the cluster'),
    tlsKey: optional(PATH, 'its private key (PEM)'),
    tlsCa: optional(PATH, 'certificate (PEM) that must have signed those of the others'),
    tlsServerName: optional(TEXT, 'the name in the certificates of those who listen; left out: their host'),
  },
};

export interface SharedSettings {
  readonly state: string | undefined;
  readonly logLevel: LogLevel;
  readonly logFile: string | undefined;
}

export const SHARED: Section<SharedSettings> = {
  name: '',
  title: 'State and logs',
  settings: {
    state: optional(PATH, 'folder of a cluster that `pheromone up` runs: its addresses and its logs; left out: one of the user'),
    logLevel: { kind: choice(...LOG_LEVELS), default: LOG_DEFAULTS.level, meaning: 'the least important records that are written' },
    logFile: optional(PATH, 'file that records are added to; left out: stderr'),
  },
};

export const MANAGER: Section<ManagerOptions> = {
  name: 'manager',
  title: 'Manager',
  check: managerOptions,
  settings: {
    host: defaulted(TEXT, MANAGER_DEFAULTS.host, 'where the manager listens'),
    port: defaulted(WHOLE_NUMBER, MANAGER_DEFAULTS.port, '0: any that is free'),
    heartbeatMs: defaulted(NUMBER, MANAGER_DEFAULTS.heartbeatMs, 'how often everyone connected is to give a sign of life'),
    suspectMs: defaulted(NUMBER, MANAGER_DEFAULTS.suspectMs, 'after how long a silence a member is dropped'),
    returnMs: defaulted(
      NUMBER,
      MANAGER_DEFAULTS.returnMs,
      'how long a member whose connection has ended has to come back before it is dropped',
    ),
  },
};

export type CoordinatorSettings = Omit<CoordinatorOptions, 'manager' | 'security'>;

export const COORDINATOR: Section<CoordinatorSettings> = {
  name: 'coordinator',
  title: 'Coordinator',
  // Where the manager is does not matter to the ranges of the others.
  check: (given) => coordinatorOptions({ ...given, manager: 'localhost:1' }),
  settings: {
    host: defaulted(TEXT, COORDINATOR_DEFAULTS.host, 'where the coordinator listens, and others reach it'),
    port: defaulted(WHOLE_NUMBER, COORDINATOR_DEFAULTS.port, '0: any that is free'),
    advertise: defaulted(
      TEXT,
      COORDINATOR_DEFAULTS.advertise,
      '`host:port` where clients and the other members reach it; left out: where it listens',
    ),
    name: optional(TEXT, 'unique in the cluster; left out: made from its process'),
    sessions: defaulted(WHOLE_NUMBER, COORDINATOR_DEFAULTS.sessions, 'sessions under way at once, those included that wait for a worker'),
    keptBytes: defaulted(
      WHOLE_NUMBER,
      COORDINATOR_DEFAULTS.keptBytes,
      'inputs that are kept until their sessions are over, so that these can run again',
    ),
    workerWaitMs: defaulted(WHOLE_NUMBER, COORDINATOR_DEFAULTS.workerWaitMs, 'how long a session waits for a worker that can take it'),
    pingMs: defaulted(
      WHOLE_NUMBER,
      COORDINATOR_DEFAULTS.pingMs,
      'how long a worker that owes an answer may say nothing before it is asked whether it is there',
    ),
    silenceMs: defaulted(
      WHOLE_NUMBER,
      COORDINATOR_DEFAULTS.silenceMs,
      'after so long a silence it is taken for lost, and what it had runs elsewhere',
    ),
    startMs: defaulted(
      WHOLE_NUMBER,
      COORDINATOR_DEFAULTS.startMs,
      'how long a coordinator that starts waits for the workers to say which apps they have',
    ),
    drainMs: defaulted(WHOLE_NUMBER, COORDINATOR_DEFAULTS.drainMs, 'how long a coordinator that ends lets sessions under way go on'),
    leaseMs: defaulted(WHOLE_NUMBER, COORDINATOR_DEFAULTS.leaseMs, 'how long a worker may send invocations to the node that it was given'),
    bundleFolder: defaulted(
      PATH,
      COORDINATOR_DEFAULTS.bundleFolder,
      'where the code of bundles is written on first use; left out: a folder of the user',
    ),
  },
};

export type WorkerSettings = Omit<WorkerOptions, 'manager'>;

export const WORKER: Section<WorkerSettings> = {
  name: 'worker',
  title: 'Worker node',
  check: workerOptions,
  settings: {
    host: defaulted(TEXT, WORKER_DEFAULTS.host, 'where the node listens, and others reach it'),
    port: defaulted(WHOLE_NUMBER, WORKER_DEFAULTS.port, '0: any that is free'),
    advertise: defaulted(TEXT, WORKER_DEFAULTS.advertise, '`host:port` where the other members reach it; left out: where it listens'),
    executors: defaulted(WHOLE_NUMBER, WORKER_DEFAULTS.executors, 'executor threads'),
    arenaBytes: defaulted(WHOLE_NUMBER, WORKER_DEFAULTS.arenaBytes, 'object memory; reserved at once, committed as it is used'),
    spinMs: defaulted(NUMBER, WORKER_DEFAULTS.spinMs, 'how long an executor looks for more work before it parks'),
    name: defaulted(TEXT, WORKER_DEFAULTS.name, 'unique in the cluster; left out: made from its process'),
    labels: defaulted(TEXTS, WORKER_DEFAULTS.labels, 'what functions may require of a node, such as `gpu`'),
    pingMs: defaulted(
      WHOLE_NUMBER,
      WORKER_DEFAULTS.pingMs,
      'how long another node that owes an answer may say nothing before it is asked whether it is there',
    ),
    silenceMs: defaulted(
      WHOLE_NUMBER,
      WORKER_DEFAULTS.silenceMs,
      'after so long a silence it is taken for lost, and what it had runs elsewhere',
    ),
    drainMs: defaulted(NUMBER, WORKER_DEFAULTS.drainMs, 'how long a node that ends lets sessions under way go on'),
    forwardDelayMs: defaulted(
      NUMBER,
      WORKER_DEFAULTS.forwardDelayMs,
      'how long invocations wait for an executor of their own node before they go to another one',
    ),
    piggybackBytes: defaulted(
      WHOLE_NUMBER,
      WORKER_DEFAULTS.piggybackBytes,
      'objects up to this size travel with the message that needs them; larger ones are fetched',
    ),
    prefetch: defaulted(SWITCH, WORKER_DEFAULTS.prefetch, 'fetch objects of other nodes as soon as they are known'),
    twoTier: defaulted(
      SWITCH,
      WORKER_DEFAULTS.twoTier,
      'start invocations on their own node where it can; `false`: a coordinator places each (for measuring)',
    ),
    directTransfer: defaulted(
      SWITCH,
      WORKER_DEFAULTS.directTransfer,
      'objects go straight from node to node; `false`: by way of the durable store (for measuring)',
    ),
    heapMb: defaulted(WHOLE_NUMBER, WORKER_DEFAULTS.heapMb, "heap of each executor's thread, in MiB; 0: what the runtime gives itself"),
    appMemoryBytes: defaulted(
      WHOLE_NUMBER,
      WORKER_DEFAULTS.appMemoryBytes,
      'object memory that each app may hold that does not say itself; 0: as much as there is',
    ),
    spillBytes: defaulted(
      WHOLE_NUMBER,
      WORKER_DEFAULTS.spillBytes,
      'object memory in use from which on objects that wait for a trigger go to the durable store; 0: nine tenths of it',
    ),
    memoryWaitMs: defaulted(
      WHOLE_NUMBER,
      WORKER_DEFAULTS.memoryWaitMs,
      'how long an invocation waits for room in object memory before it fails, at most',
    ),
    sharedMemory: defaulted(
      SWITCH,
      WORKER_DEFAULTS.sharedMemory,
      'functions share the memory of their node; `false`: all run in processes of their own (for measuring)',
    ),
    loadMs: defaulted(WHOLE_NUMBER, WORKER_DEFAULTS.loadMs, 'how long the functions of an app may take to load'),
    idleProcesses: defaulted(WHOLE_NUMBER, WORKER_DEFAULTS.idleProcesses, 'processes of isolated apps that an executor keeps without work'),
    idleProcessMs: defaulted(WHOLE_NUMBER, WORKER_DEFAULTS.idleProcessMs, 'how long it keeps one'),
    bundleFolder: defaulted(
      PATH,
      WORKER_DEFAULTS.bundleFolder,
      'where the code of bundles is written on first use; left out: a folder of the user',
    ),
  },
};

export interface StoreSettings {
  readonly kind: StoreConfig['kind'] | undefined;
  readonly path: string | undefined;
  readonly endpoint: string | undefined;
  readonly bucket: string | undefined;
  readonly accessKey: string | undefined;
  readonly secretKeyFile: string | undefined;
  readonly secretKey: string | undefined;
}

export const STORE: Section<StoreSettings> = {
  name: 'store',
  title: 'Durable store',
  prefixed: true,
  settings: {
    kind: optional(
      choice('disk', 's3', 'memory'),
      '`disk`: for the processes of one machine; `s3`: for those of many; left out: disk if there is a path',
    ),
    path: optional(PATH, 'folder of a store on disk; `pheromone up` has one in its state folder'),
    endpoint: optional(TEXT, 'of an S3 server: `http://host:port` or `https://host:port`'),
    bucket: optional(TEXT, 'created where it does not exist'),
    accessKey: optional(TEXT, 'name of the account'),
    secretKeyFile: optional(PATH, 'a file that holds its secret key'),
    secretKey: { ...optional(TEXT, 'the secret key itself'), secret: true },
  },
};

export interface UpSettings {
  readonly workers: number;
  readonly coordinators: number;
  readonly gateway: boolean;
  readonly restart: boolean;
}

export const UP: Section<UpSettings> = {
  name: 'up',
  title: 'Local cluster (`pheromone up`)',
  check({ workers = 1, coordinators = 1 }) {
    expectProcesses('workers', workers);
    expectProcesses('coordinators', coordinators);
  },
  settings: {
    workers: defaulted(WHOLE_NUMBER, 2, 'worker nodes'),
    coordinators: defaulted(WHOLE_NUMBER, 1, 'coordinators'),
    gateway: defaulted(SWITCH, false, 'an HTTP gateway as well'),
    restart: defaulted(SWITCH, false, 'start a process that died again'),
  },
};

export const SECTIONS: readonly Section[] = [SHARED, CLUSTER, UP, MANAGER, COORDINATOR, WORKER, STORE, GATEWAY, GATEWAY_BOUNDS];

/** As many as one machine could bear. */
function expectProcesses(name: string, count: number): void {
  if (count < 1 || count > 100) throw new RangeError(`${name}: expected a whole number from 1 to 100, got ${count}`);
}
