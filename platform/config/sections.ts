/** Everything that can be configured, in one table. Defaults and ranges are those of the roles; docs/configuration.md is made from this. */
import { COORDINATOR_DEFAULTS, type CoordinatorOptions, coordinatorOptions } from '../coordinator/options.ts';
import { GATEWAY_DEFAULTS, type GatewayOptions, gatewayOptions } from '../gateway/options.ts';
import { LOG_DEFAULTS, LOG_LEVELS, type LogLevel } from '../log/log.ts';
import { MANAGER_DEFAULTS, type ManagerOptions, managerOptions } from '../manager/options.ts';
import type { StoreConfig } from '../store/durable/open-store.ts';
import { WORKER_DEFAULTS, type WorkerOptions, workerOptions } from '../worker/options.ts';
import {
  ADDRESS,
  type Address,
  choice,
  type Kind,
  NUMBER,
  PATH,
  type Section,
  type Setting,
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
    host: of(TEXT, MANAGER_DEFAULTS.host, 'where the manager listens'),
    port: of(WHOLE_NUMBER, MANAGER_DEFAULTS.port, '0: any that is free'),
    heartbeatMs: of(NUMBER, MANAGER_DEFAULTS.heartbeatMs, 'how often everyone connected is to give a sign of life'),
    suspectMs: of(NUMBER, MANAGER_DEFAULTS.suspectMs, 'after how long a silence a member is dropped'),
    returnMs: of(NUMBER, MANAGER_DEFAULTS.returnMs, 'how long a member whose connection has ended has to come back before it is dropped'),
  },
};

export type CoordinatorSettings = Omit<CoordinatorOptions, 'manager' | 'security'>;

export const COORDINATOR: Section<CoordinatorSettings> = {
  name: 'coordinator',
  title: 'Coordinator',
  // Where the manager is does not matter to the ranges of the others.
  check: (given) => coordinatorOptions({ ...given, manager: 'localhost:1' }),
  settings: {
    host: of(TEXT, COORDINATOR_DEFAULTS.host, 'where the coordinator listens, and others reach it'),
    port: of(WHOLE_NUMBER, COORDINATOR_DEFAULTS.port, '0: any that is free'),
    advertise: of(
      TEXT,
      COORDINATOR_DEFAULTS.advertise,
      '`host:port` where clients and the other members reach it; left out: where it listens',
    ),
    name: optional(TEXT, 'unique in the cluster; left out: made from its process'),
    sessions: of(WHOLE_NUMBER, COORDINATOR_DEFAULTS.sessions, 'sessions under way at once, those included that wait for a worker'),
    keptBytes: of(
      WHOLE_NUMBER,
      COORDINATOR_DEFAULTS.keptBytes,
      'inputs that are kept until their sessions are over, so that these can run again',
    ),
    workerWaitMs: of(WHOLE_NUMBER, COORDINATOR_DEFAULTS.workerWaitMs, 'how long a session waits for a worker that can take it'),
    pingMs: of(
      WHOLE_NUMBER,
      COORDINATOR_DEFAULTS.pingMs,
      'how long a worker that owes an answer may say nothing before it is asked whether it is there',
    ),
    silenceMs: of(
      WHOLE_NUMBER,
      COORDINATOR_DEFAULTS.silenceMs,
      'after so long a silence it is taken for lost, and what it had runs elsewhere',
    ),
    startMs: of(
      WHOLE_NUMBER,
      COORDINATOR_DEFAULTS.startMs,
      'how long a coordinator that starts waits for the workers to say which apps they have',
    ),
    drainMs: of(WHOLE_NUMBER, COORDINATOR_DEFAULTS.drainMs, 'how long a coordinator that ends lets sessions under way go on'),
    leaseMs: of(WHOLE_NUMBER, COORDINATOR_DEFAULTS.leaseMs, 'how long a worker may send invocations to the node that it was given'),
  },
};

export type WorkerSettings = Omit<WorkerOptions, 'manager'>;

export const WORKER: Section<WorkerSettings> = {
  name: 'worker',
  title: 'Worker node',
  check: workerOptions,
  settings: {
    host: of(TEXT, WORKER_DEFAULTS.host, 'where the node listens, and others reach it'),
    port: of(WHOLE_NUMBER, WORKER_DEFAULTS.port, '0: any that is free'),
    advertise: of(TEXT, WORKER_DEFAULTS.advertise, '`host:port` where the other members reach it; left out: where it listens'),
    executors: of(WHOLE_NUMBER, WORKER_DEFAULTS.executors, 'executor threads'),
    arenaBytes: of(WHOLE_NUMBER, WORKER_DEFAULTS.arenaBytes, 'object memory; reserved at once, committed as it is used'),
    spinMs: of(NUMBER, WORKER_DEFAULTS.spinMs, 'how long an executor looks for more work before it parks'),
    name: of(TEXT, WORKER_DEFAULTS.name, 'unique in the cluster; left out: made from its process'),
    labels: of(TEXTS, WORKER_DEFAULTS.labels, 'what functions may require of a node, such as `gpu`'),
    pingMs: of(
      WHOLE_NUMBER,
      WORKER_DEFAULTS.pingMs,
      'how long another node that owes an answer may say nothing before it is asked whether it is there',
    ),
    silenceMs: of(WHOLE_NUMBER, WORKER_DEFAULTS.silenceMs, 'after so long a silence it is taken for lost, and what it had runs elsewhere'),
    drainMs: of(NUMBER, WORKER_DEFAULTS.drainMs, 'how long a node that ends lets sessions under way go on'),
    forwardDelayMs: of(
      NUMBER,
      WORKER_DEFAULTS.forwardDelayMs,
      'how long invocations wait for an executor of their own node before they go to another one',
    ),
    piggybackBytes: of(
      WHOLE_NUMBER,
      WORKER_DEFAULTS.piggybackBytes,
      'objects up to this size travel with the message that needs them; larger ones are fetched',
    ),
    prefetch: of(SWITCH, WORKER_DEFAULTS.prefetch, 'fetch objects of other nodes as soon as they are known'),
    twoTier: of(
      SWITCH,
      WORKER_DEFAULTS.twoTier,
      'start invocations on their own node where it can; `false`: a coordinator places each (for measuring)',
    ),
    directTransfer: of(
      SWITCH,
      WORKER_DEFAULTS.directTransfer,
      'objects go straight from node to node; `false`: by way of the durable store (for measuring)',
    ),
    heapMb: of(WHOLE_NUMBER, WORKER_DEFAULTS.heapMb, "heap of each executor's thread, in MiB; 0: what the runtime gives itself"),
    appMemoryBytes: of(
      WHOLE_NUMBER,
      WORKER_DEFAULTS.appMemoryBytes,
      'object memory that each app may hold that does not say itself; 0: as much as there is',
    ),
    sharedMemory: of(
      SWITCH,
      WORKER_DEFAULTS.sharedMemory,
      'functions share the memory of their node; `false`: all run in processes of their own (for measuring)',
    ),
    idleProcesses: of(WHOLE_NUMBER, WORKER_DEFAULTS.idleProcesses, 'processes of isolated apps that an executor keeps without work'),
    idleProcessMs: of(WHOLE_NUMBER, WORKER_DEFAULTS.idleProcessMs, 'how long it keeps one'),
  },
};

export interface GatewaySettings extends Pick<GatewayOptions, 'host' | 'port' | 'logRequests'> {
  readonly tokenFile: string | undefined;
  readonly token: string | undefined;
  readonly httpsCert: string | undefined;
  readonly httpsKey: string | undefined;
}

export const GATEWAY: Section<GatewaySettings> = {
  name: 'gateway',
  title: 'HTTP gateway',
  // What depends on the contents of files is checked by the gateway itself.
  check: ({ host: _host, token: _token, tokenFile: _file, httpsCert: _cert, httpsKey: _key, ...given }) => gatewayOptions(given),
  settings: {
    host: of(TEXT, GATEWAY_DEFAULTS.host, 'where the gateway listens; beyond this machine it demands a token'),
    port: of(WHOLE_NUMBER, GATEWAY_DEFAULTS.port, '0: any that is free'),
    tokenFile: optional(PATH, 'a file that holds the bearer token that requests must bring'),
    token: { ...optional(TEXT, 'the token itself'), secret: true },
    httpsCert: optional(PATH, 'certificate (PEM), for HTTPS'),
    httpsKey: optional(PATH, 'its private key (PEM)'),
    logRequests: of(SWITCH, GATEWAY_DEFAULTS.logRequests, 'log method, path, status and duration of each request'),
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
  settings: {
    workers: of(WHOLE_NUMBER, 2, 'worker nodes'),
    coordinators: of(WHOLE_NUMBER, 1, 'coordinators'),
    gateway: of(SWITCH, false, 'an HTTP gateway as well'),
    restart: of(SWITCH, false, 'start a process that died again'),
  },
};

export const SECTIONS: readonly Section[] = [SHARED, CLUSTER, UP, MANAGER, COORDINATOR, WORKER, STORE, GATEWAY];

function of<T>(kind: Kind<T>, value: T, meaning: string): Setting<T> {
  return { kind, default: value, meaning };
}

function optional<T>(kind: Kind<T>, meaning: string): Setting<T> {
  return { kind, default: undefined, meaning };
}
