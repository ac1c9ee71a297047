/** Every bound of the durable store and of what is kept there. Times in milliseconds, sizes in bytes. */
export const STORE_LIMITS = {
  /** Keys in UTF-8. S3 takes 1,024, of which the store needs one. */
  keyBytes: 1_023,
  /** What lies between two slashes of a key, in UTF-8. Some S3 servers make it a file name of at most 255, with an ending of their own. */
  segmentBytes: 200,
  /** Keys that `list` asks its store for at once. */
  pageKeys: 1_000,
  /** Values beyond this size lie on disk in pieces of this size. */
  pieceBytes: 1_048_576,
  /** Values beyond this size go to S3 in parts of this size. */
  partBytes: 16_777_216,
  /** How often an S3 request is tried in all. */
  attempts: 4,
  /** The pause before the second attempt; it doubles with each one, and up to half of it is left to chance. */
  retryPauseMs: 100,
  /** How long an S3 server may let a connection stand still that it owes something on. */
  idleMs: 10_000,
  /** Connections to an S3 server at the same time. */
  connections: 64,
  /** What the files of a bundle may have together. */
  bundleBytes: 268_435_456,
  bundleFiles: 20_000,
} as const;
