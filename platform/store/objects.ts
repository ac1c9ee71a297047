/**
 * Objects as records in the arena. A record is written by one thread, published by storing the head of
 * that thread's list in the session, and never changed again; so any thread may read it without a lock.
 *
 * Object record, in 32-bit words: 0 next (units of 16 bytes, plus one), 1 source function, 2 bucket, 3 hash of
 * bucket and key, 4 key bytes, 5 group bytes, 6-7 payload offset, 8-9 payload size, 10-11 time of sending, 12
 * metadata bytes, 13 where its bytes are; then key, group and metadata in UTF-8. Offsets, sizes and times are
 * doubles. The payload lies anywhere in the session's memory, so that passing on what came in copies nothing. Bytes
 * that lie on another node are absent until the scheduler, which wrote the record, has brought them here; those that
 * nobody has read yet it may spill to the durable store, if they have memory of their own.
 */
import { PheromoneError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { type AwaitRoom, type Critical, SessionAllocator } from './allocator.ts';
import { ALIGN_BYTES, type StoreMemory } from './memory.ts';
import { OBJECTS, type SessionTable } from './sessions.ts';
import { SpanStore } from './spans.ts';

const RECORD_WORDS = 14;
const RECORD_BYTES = RECORD_WORDS * 4;

const HERE = 0;
const ABSENT = 1;
/** Here, and read by somebody: they stay until the session ends. */
const READ = 2;
const SPILLED = 3;
const PLACE_WORD = 13;

/** Bucket of objects that start a function directly, and of callers' inputs. */
export const NO_BUCKET = -1;
/** Source of callers' inputs. */
export const NO_FUNCTION = -1;

/** What a producer says of an object, in the small integers of its app's plan. */
export interface ObjectLabel {
  readonly source: number;
  readonly bucket: number;
  readonly key: string;
  readonly group: string;
  readonly metadata: string;
}

/** One thread's view of the objects of all sessions. */
export class ObjectStore {
  readonly arena: SharedArrayBuffer;
  readonly allocator: SessionAllocator;
  readonly spans: SpanStore;
  readonly #sessions: SessionTable;
  readonly #thread: number;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #bytes: Buffer;

  constructor(
    memory: StoreMemory,
    sessions: SessionTable,
    thread: number,
    critical: Critical = (action) => action(),
    awaitRoom?: AwaitRoom,
  ) {
    this.arena = memory.arena;
    this.#sessions = sessions;
    this.#thread = thread;
    this.allocator = new SessionAllocator(memory, sessions, thread, critical, awaitRoom);
    this.spans = new SpanStore(memory, sessions, thread, this.allocator);
    this.#words = new Int32Array(memory.arena);
    this.#doubles = new Float64Array(memory.arena);
    this.#bytes = Buffer.from(memory.arena);
  }

  /** Memory for a payload. Throws `OBJECT_TOO_LARGE`, `OUT_OF_MEMORY`, `INVALID_ARGUMENT`. */
  allocate(slot: number, epoch: number, size: number): Uint8Array {
    checkObjectSize(size);
    return new Uint8Array(this.arena, size === 0 ? 0 : this.allocator.allocate(slot, epoch, size), size);
  }

  /** Writes the record of an object with this payload, which must lie in the session's memory or is copied there. Returns its reference. */
  add(slot: number, epoch: number, payload: Uint8Array, label: ObjectLabel, sentNs: number): number {
    let bytes = payload;
    if (payload.buffer !== this.arena) {
      bytes = this.allocate(slot, epoch, payload.length);
      bytes.set(payload);
    }
    return this.#write(slot, epoch, bytes.byteOffset, bytes.length, HERE, label, sentNs);
  }

  /** Writes the record of an object of `size` bytes that are not here. For the scheduler, as are {@link settle} and what it settles. */
  addAbsent(slot: number, epoch: number, size: number, label: ObjectLabel, sentNs: number): number {
    return this.#write(slot, epoch, 0, size, ABSENT, label, sentNs);
  }

  isAbsent(ref: number): boolean {
    return this.#placeOf(ref) === ABSENT;
  }

  /** Writes the record of an object of `size` bytes that are as if spilled. For the scheduler. */
  addSpilled(slot: number, epoch: number, size: number, label: ObjectLabel, sentNs: number): number {
    return this.#write(slot, epoch, 0, size, SPILLED, label, sentNs);
  }

  isSpilled(ref: number): boolean {
    return this.#placeOf(ref) === SPILLED;
  }

  /** Whether it can be spilled: here, in memory of its own, and read by nobody yet. */
  isSpillable(ref: number): boolean {
    return this.#placeOf(ref) === HERE && this.allocator.isOfOneObject(this.#payloadAt(ref));
  }

  /** Gives back the memory of a spillable object, unless somebody has begun to read it; says whether it has. For the scheduler. */
  spill(slot: number, ref: number): boolean {
    if (Atomics.compareExchange(this.#words, this.#placeAt(ref), HERE, SPILLED) !== HERE) return false;
    this.allocator.giveBack(slot, this.#payloadAt(ref));
    return true;
  }

  /** To be called before a payload is read: has it stay. False where it is not here. */
  keep(ref: number): boolean {
    const place = Atomics.compareExchange(this.#words, this.#placeAt(ref), HERE, READ);
    return place === HERE || place === READ;
  }

  /** The bytes of an absent or spilled object have come; they lie in the session's memory. */
  settle(ref: number, payload: Uint8Array): void {
    this.#doubles[(ref * ALIGN_BYTES) / 8 + 3] = payload.byteOffset;
    if (payload.length > 0) this.allocator.addObject(payload.byteOffset);
    // Publishes the words above.
    Atomics.store(this.#words, this.#placeAt(ref), READ);
  }

  #write(slot: number, epoch: number, payloadAt: number, size: number, place: number, label: ObjectLabel, sentNs: number): number {
    const keyBytes = byteLength(label.key);
    const groupBytes = byteLength(label.group);
    const metadataBytes = byteLength(label.metadata);
    if (keyBytes > LIMITS.keyBytes || groupBytes > LIMITS.keyBytes || metadataBytes > LIMITS.metadataBytes) {
      throw new PheromoneError(
        'INVALID_ARGUMENT',
        `key, group and metadata: expected at most ${LIMITS.keyBytes}, ${LIMITS.keyBytes} and ${LIMITS.metadataBytes} bytes, ` +
          `got ${keyBytes}, ${groupBytes} and ${metadataBytes}`,
      );
    }
    const offset = this.allocator.allocate(slot, epoch, RECORD_BYTES + keyBytes + groupBytes + metadataBytes);
    const at = offset / 4;
    const words = this.#words;
    words[at + 1] = label.source;
    words[at + 2] = label.bucket;
    words[at + 3] = hashOf(label.bucket, label.key);
    words[at + 4] = keyBytes;
    words[at + 5] = groupBytes;
    words[at + 12] = metadataBytes;
    words[at + PLACE_WORD] = place;
    if (place === HERE && size > 0) this.allocator.addObject(payloadAt);
    this.#doubles[at / 2 + 3] = payloadAt;
    this.#doubles[at / 2 + 4] = size;
    this.#doubles[at / 2 + 5] = sentNs;
    if (keyBytes > 0) this.#bytes.write(label.key, offset + RECORD_BYTES, keyBytes, 'utf8');
    if (groupBytes > 0) this.#bytes.write(label.group, offset + RECORD_BYTES + keyBytes, groupBytes, 'utf8');
    if (metadataBytes > 0) this.#bytes.write(label.metadata, offset + RECORD_BYTES + keyBytes + groupBytes, metadataBytes, 'utf8');
    this.#sessions.join(slot, this.#thread);
    words[at] = this.#sessions.head(slot, OBJECTS, this.#thread);
    const ref = offset / ALIGN_BYTES;
    this.#sessions.setHead(slot, OBJECTS, this.#thread, ref + 1);
    return ref;
  }

  /** The object of the session that was sent last under this bucket and key by one of its threads, or -1. */
  find(slot: number, bucket: number, key: string): number {
    const hash = hashOf(bucket, key);
    let found = -1;
    let foundNs = -1;
    this.#sessions.forEachThread(slot, (thread) => {
      let ref = this.#sessions.head(slot, OBJECTS, thread) - 1;
      while (ref >= 0) {
        const at = ref * (ALIGN_BYTES / 4);
        if (this.#words[at + 3] === hash && this.#words[at + 2] === bucket && this.key(ref) === key) {
          if (this.sentNs(ref) > foundNs) {
            found = ref;
            foundNs = this.sentNs(ref);
          }
          return;
        }
        ref = (this.#words[at] as number) - 1;
      }
    });
    return found;
  }

  payload(ref: number): Uint8Array {
    const at = (ref * ALIGN_BYTES) / 8;
    return new Uint8Array(this.arena, this.#doubles[at + 3], this.#doubles[at + 4]);
  }

  /** Whether a record with this reference, and its payload, would lie in the session's memory: for references from outside. */
  isOf(slot: number, ref: number): boolean {
    if (!this.allocator.owns(slot, ref * ALIGN_BYTES, RECORD_BYTES)) return false;
    const at = (ref * ALIGN_BYTES) / 8;
    const from = this.#doubles[at + 3] as number;
    const size = this.#doubles[at + 4] as number;
    if (!Number.isInteger(from) || !Number.isInteger(size) || size < 0) return false;
    // Of a spilled one, the memory may be another session's by now.
    return (from === 0 && size === 0) || this.isSpilled(ref) || this.allocator.owns(slot, from, size);
  }

  /** In bytes, also where they are absent. */
  size(ref: number): number {
    return this.#doubles[(ref * ALIGN_BYTES) / 8 + 4] as number;
  }

  source(ref: number): number {
    return this.#words[ref * (ALIGN_BYTES / 4) + 1] as number;
  }

  bucket(ref: number): number {
    return this.#words[ref * (ALIGN_BYTES / 4) + 2] as number;
  }

  key(ref: number): string {
    return this.#text(ref, 0, this.#textBytes(ref, 4));
  }

  group(ref: number): string {
    return this.#text(ref, this.#textBytes(ref, 4), this.#textBytes(ref, 5));
  }

  metadata(ref: number): string {
    return this.#text(ref, this.#textBytes(ref, 4) + this.#textBytes(ref, 5), this.#textBytes(ref, 12));
  }

  /** All that its producer said of an object. */
  label(ref: number): ObjectLabel {
    return { source: this.source(ref), bucket: this.bucket(ref), key: this.key(ref), group: this.group(ref), metadata: this.metadata(ref) };
  }

  sentNs(ref: number): number {
    return this.#doubles[(ref * ALIGN_BYTES) / 8 + 5] as number;
  }

  /** Writes references one after the other for an invocation with several inputs; returns where. */
  addList(slot: number, epoch: number, refs: readonly number[]): number {
    const offset = this.allocator.allocate(slot, epoch, refs.length * 4);
    for (let i = 0; i < refs.length; i++) this.#words[offset / 4 + i] = refs[i] as number;
    return offset / ALIGN_BYTES;
  }

  /** Of an invocation's inputs, given as its entry of the ledger gives them, the one sent last; -1 where there are none. */
  lastSent(inputs: number, count: number): number {
    if (count === 1) return inputs;
    let last = -1;
    for (let i = 0; i < count; i++) {
      const ref = this.#words[inputs * (ALIGN_BYTES / 4) + i] as number;
      if (last < 0 || this.sentNs(ref) > this.sentNs(last)) last = ref;
    }
    return last;
  }

  readList(list: number, count: number): number[] {
    const at = list * (ALIGN_BYTES / 4);
    return Array.from(this.#words.subarray(at, at + count));
  }

  #placeAt(ref: number): number {
    return ref * (ALIGN_BYTES / 4) + PLACE_WORD;
  }

  #placeOf(ref: number): number {
    return Atomics.load(this.#words, this.#placeAt(ref));
  }

  #payloadAt(ref: number): number {
    return this.#doubles[(ref * ALIGN_BYTES) / 8 + 3] as number;
  }

  #textBytes(ref: number, word: number): number {
    return this.#words[ref * (ALIGN_BYTES / 4) + word] as number;
  }

  #text(ref: number, from: number, size: number): string {
    const start = ref * ALIGN_BYTES + RECORD_BYTES + from;
    return size === 0 ? '' : this.#bytes.toString('utf8', start, start + size);
  }
}

/** Throws `OBJECT_TOO_LARGE`, `INVALID_ARGUMENT`. */
export function checkObjectSize(size: number): void {
  if (!Number.isInteger(size) || size < 0) {
    throw new PheromoneError('INVALID_ARGUMENT', `object size: expected a whole number of bytes, got ${size}`);
  }
  if (size > LIMITS.objectBytes) {
    throw new PheromoneError('OBJECT_TOO_LARGE', `object size: expected at most ${LIMITS.objectBytes} bytes, got ${size}`);
  }
}

/** UTF-8 length; most keys are short ASCII, for which counting beats a call into native code. */
function byteLength(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return Buffer.byteLength(text);
  return text.length;
}

/** FNV-1a over the bucket and the key's code units. */
function hashOf(bucket: number, key: string): number {
  let hash = Math.imul(0x811c9dc5 ^ bucket, 0x01000193);
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash | 0;
}
