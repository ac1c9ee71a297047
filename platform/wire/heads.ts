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

/** The tags of a room's messages, by their types. */
export type Tags<M extends { readonly type: string }> = Readonly<Record<M['type'], number>>;

/** The heads of a direction that carries the messages of two, which share neither a type nor a tag. */
export function joinHeads<A extends { readonly type: string }, B extends { readonly type: string }>(
  first: Heads<A>,
  second: Heads<B>,
  tagsOfSecond: Tags<B>,
): Heads<A | B> {
  const tags = new Set<unknown>(Object.values(tagsOfSecond));
  const isOfSecond = (message: A | B): message is B => Object.hasOwn(tagsOfSecond, message.type);
  return {
    toFields: (message) => (isOfSecond(message) ? second.toFields(message) : first.toFields(message as A)),
    fromFields: (fields, payloadBytes) =>
      Array.isArray(fields) && tags.has(fields[0]) ? second.fromFields(fields, payloadBytes) : first.fromFields(fields, payloadBytes),
  };
}
