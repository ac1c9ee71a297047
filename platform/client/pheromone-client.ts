/** What every client of the platform can do, be it connected to one node or to a cluster. */
import type { AppDefinition } from '../core/app.ts';
import type { PheromoneError } from '../core/errors.ts';
import type { Status } from '../wire/messages.ts';
import type { BundleSource } from './bundle.ts';
import type { CallOptions, CallResult, FeedOptions, Run } from './run.ts';
import type { SubscribeOptions, Subscription } from './subscription.ts';

/** What the platform is doing. */
export type PlatformStatus = Omit<Status, 'type' | 'id'>;

export interface PheromoneClient {
  /** Resolves with the reason once nothing more can be asked of this client; never rejects. */
  readonly ended: Promise<PheromoneError>;
  /**
   * Makes an app callable. An app of that name is replaced for the sessions that start from then on. Rejects with
   * `INVALID_APP`, `FUNCTION_LOAD_FAILED`; for code in bundles also with `INVALID_ARGUMENT`, `STORE_FAILED`.
   */
  register(app: AppDefinition): Promise<void>;
  /** Takes an app back; its sessions fail with `CANCELLED`. Rejects with `UNKNOWN_APP`. */
  unregister(name: string): Promise<void>;
  /** Calls function `fn` of an app with `input`: {@link start} for those who only want the result. */
  call(app: string, fn: string, input: Uint8Array, options?: CallOptions): Promise<CallResult>;
  /** Starts a call of function `fn` of an app; never throws. Leave `input` as it is until the result is there. */
  start(app: string, fn: string, input: Uint8Array, options?: CallOptions): Run;
  /** Hands an event to function `fn` of an app, in a session whose outputs go to the app's subscribers. Resolves once it is accepted. */
  feed(app: string, fn: string, input: Uint8Array, options?: FeedOptions): Promise<void>;
  /** Listens to the sessions of an app that were fed, by whomever, or that triggers of app scope opened. */
  subscribe(app: string, options: SubscribeOptions): Promise<Subscription>;
  /**
   * Stores code durably, and gives the id by which definitions name it: `module: 'bundle:<id>/path/in/bundle.js'`. The same
   * files have the same id. Rejects with `INVALID_ARGUMENT` for what is no bundle and where nodes have no durable store,
   * with `OBJECT_TOO_LARGE`, `STORE_FAILED`; for a folder with errors of the file system as they are.
   */
  uploadBundle(bundle: BundleSource): Promise<string>;
  status(): Promise<PlatformStatus>;
  /** Ends the client; what is under way rejects with `CANCELLED`. Never rejects. */
  close(): Promise<void>;
}
