/** Messages over the port between the scheduler and an executor: what is rare. What is frequent goes through the ledger and the reports. */
import type { AppDefinition } from '../core/app.ts';
import type { ErrorCode } from '../core/errors.ts';
import { LANES, type StoreMemory } from '../store/memory.ts';
import type { IsolationOptions } from './isolated/isolated-apps.ts';
import type { ShortageAnswer } from './shortage.ts';

/** The number by which people know an executor: 1 for the first. */
export function executorNumber(thread: number): number {
  return thread - LANES + 1;
}

/** What an executor thread is started with. */
export interface ExecutorSetup {
  readonly thread: number;
  /** What the node is called in its cluster; for the log. */
  readonly node: string;
  readonly store: StoreMemory;
  readonly ledger: SharedArrayBuffer;
  readonly threads: SharedArrayBuffer;
  readonly reports: SharedArrayBuffer;
  /** By thread: where it waits for the scheduler; see `wishOf`. */
  readonly wishes: SharedArrayBuffer;
  /** Apps registered so far, by index. */
  readonly apps: readonly (readonly [number, AppDefinition])[];
  readonly spinMs: number;
  /** Labels of the node: functions that require others are handed to the scheduler. */
  readonly labels: readonly string[];
  /** Whether the scheduler places every invocation, also one that this node could start itself. */
  readonly placesAll: boolean;
  /** `false`: functions of all apps run in processes of their own. */
  readonly sharedMemory: boolean;
  readonly isolation: IsolationOptions;
  /** JavaScript heap of the thread, in MiB; 0: what the runtime gives itself. */
  readonly heapMb: number;
  /** How long an invocation waits for room in object memory, at most. */
  readonly memoryWaitMs: number;
}

export type ToExecutor =
  /** An app was registered: load its functions and answer `loaded`. */
  | { readonly type: 'app'; readonly app: number; readonly definition: AppDefinition }
  /** No session of the app is left. */
  | { readonly type: 'forget'; readonly app: number }
  /** What runs for the session does not count any more: fire its signals. */
  | { readonly type: 'abort'; readonly slot: number; readonly epoch: number }
  | ShortageAnswer
  /** Take nothing new, and answer `retired` once nothing counts that is under way. */
  | { readonly type: 'retire' };

export type FromExecutor =
  | { readonly type: 'loaded'; readonly app: number; readonly error?: { readonly code: ErrorCode; readonly message: string } }
  | { readonly type: 'retired' };
