/** What the driver, the host process and the processes with the functions tell each other over their IPC channels. */
import type { DriverErrorCode } from '../../workloads/api/driver.ts';
import type { Served } from './compile.ts';
import type { BlockedReport } from './watchdog.ts';

/** Driver to host, and host to each process with functions. */
export type Order =
  /** `port`: where the driver listens for what streaming workflows give out. */
  | { readonly type: 'deploy'; readonly id: number; readonly served: Served; readonly port: number }
  | { readonly type: 'remove'; readonly id: number };

/** The answer to an order. */
export interface Done {
  readonly type: 'done';
  readonly id: number;
  readonly error?: { readonly code: DriverErrorCode; readonly message: string };
}

/** Host to driver. */
export type Notice =
  | Done
  | { readonly type: 'started'; readonly ports: Ports }
  /** All processes that there are, the host aside. */
  | { readonly type: 'pids'; readonly pids: readonly number[] }
  /** A process was ended because one of its functions blocked it. */
  | { readonly type: 'blocked'; readonly report: BlockedReport }
  /** The platform cannot go on. */
  | { readonly type: 'failed'; readonly why: string };

/** Where things listen on the loopback interface. */
export interface Ports {
  readonly ingress: number;
  readonly admin: number;
  /** Connections to it are dealt out to the processes with the functions. */
  readonly functions: number;
}
