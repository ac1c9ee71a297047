/** The words of shared memory that the mailbox's two sides share. Each word has one writer. */

/** Indexes into an Int32Array. Written by the sender: the number of its requests, whether to spin on, the last message. */
export const REQUEST = 0;
export const SPIN = 1;
export const MESSAGE = 2;
/** Written by the receiver: the last message that it has seen. */
export const SEEN = 3;
/** Index into a BigInt64Array over the same memory (bytes 16 to 24), written by the receiver before SEEN: when it woke. */
export const WOKEN_NS = 2;
export const MAILBOX_BYTES = 24;
