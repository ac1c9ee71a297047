/** Every bound of the platform in one place. Times in milliseconds, sizes in bytes. */
export const LIMITS = {
  /** Names of apps, functions, buckets and triggers, in UTF-16 code units. */
  nameLength: 128,
  /** Keys and groups of objects, in UTF-8 bytes. */
  keyBytes: 1_024,
  /** Metadata of objects, in UTF-8 bytes. */
  metadataBytes: 8_192,
  /** Copies of objects that triggers of scope `app` hold, all together. */
  heldBytes: 1_073_741_824,
  objectBytes: 1_073_741_824,
  /** Workers and coordinators of a cluster. */
  members: 1_000,
  /** Labels of a worker. */
  labels: 64,
  functionsPerApp: 10_000,
  bucketsPerApp: 10_000,
  triggersPerBucket: 1_024,
  /** Objects that wait in one trigger of scope `app`. */
  objectsPerAppTrigger: 1_000_000,
  /** Groups of which one Redundant trigger has seen some objects and still awaits others. */
  openGroupsPerTrigger: 1_000_000,
  /** Shorter ones no timer could keep apart. */
  windowMinMs: 0.001,
  windowMaxMs: 2_147_483_647,
  /** Sets of source functions whose end an app's triggers wait for, besides set 0; counted per session in shared memory. */
  watchSetsPerApp: 15,
  functionTimeoutMs: 60_000,
  /** The longest timeout that a function may ask for: the longest that the runtime's timers take. */
  functionTimeoutMaxMs: 2_147_483_647,
  /** Bounds of an isolated process's heap, in MiB; with less the runtime does not start. */
  heapMinMb: 16,
  heapMaxMb: 65_536,
  /** How often an invocation or a session runs that fails, unless its app says otherwise. */
  attempts: 3,
  /** The most that an app may ask for. */
  attemptsMax: 100,
  /** Invocations of source functions that the triggers of one session may have run again. */
  rerunsPerSession: 100,
} as const;
