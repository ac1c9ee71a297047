/**
 * How messages become the fields of a frame's head, and back.
 *
 * A head is an array: a tag for the type, then the message's fields by position. That takes half the bytes and
 * half the time of maps (see codec.bench.ts), and no names from outside become properties.
 */

/** The messages of one direction. */
export interface Heads<M> {
  /** Throws `INVALID_ARGUMENT` if a message holds what cannot be sent. */
  toFields(message: M): readonly unknown[];
  /** Checks every field; throws `BAD_MESSAGE` with what was expected and what came. */
  fromFields(fields: unknown, payloadBytes: number): M;
}
