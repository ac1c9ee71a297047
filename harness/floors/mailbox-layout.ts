/** The words of shared memory that the mailbox's two sides share. Each word has one writer. */

/** Indexes into an Int32Array. Written by the sender: the number of its last request, the request to spin for, the last message. */
export const REQUEST = 0;
export const SPIN = 1;
export const MESSAGE = 2;
/** Written by the receiver: the last message that it has seen while spinning, and the last request that it has begun. */
export const SEEN = 3;
export const BEGUN = 4;
/** Index into a BigInt64Array over the same memory (bytes 24 to 32), written by the receiver before BEGUN: when it woke. */
export const WOKEN_NS = 3;
export const MAILBOX_BYTES = 32;
