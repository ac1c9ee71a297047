/** The embedded durable store: an LMDB environment, which all processes of a machine may have open at once. */
import { mkdir, open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Database, open, type RootDatabase } from 'lmdb';
import { PheromoneError } from '../../core/errors.ts';
import { type DurableStore, guardStore, type StoreEngine } from './durable-store.ts';
import { STORE_LIMITS } from './limits.ts';

/** Opens the store in the folder `path`, which is made where it does not exist. Throws `STORE_FAILED`. */
export async function openDiskStore(path: string): Promise<DurableStore> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await refuseForeign(join(path, 'data.mdb'));
    const root = open<Buffer, Buffer>({
      path,
      noSubdir: false,
      // A commit is over when it is on disk, and puts resolve with their commit; overlapping would let them resolve before.
      overlappingSync: false,
    });
    root.readerCheck(); // a killed process leaves its place as a reader, which keeps old pages from being used again
    return guardStore(new DiskEngine(path, root));
  } catch (error) {
    throw new PheromoneError('STORE_FAILED', `disk store ${path}: could not open it: ${error instanceof Error ? error.message : error}`);
  }
}

/** What LMDB writes after the header of a file's first page. */
const MARK = 0xbeefc0de;
const MARK_AT = 24;

/** Refuses a file that LMDB did not write: the library would end the process. */
async function refuseForeign(path: string): Promise<void> {
  const file = await openFile(path).catch(() => undefined);
  if (file === undefined) return; // not there yet
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MARK_AT + 4), 0, MARK_AT + 4, 0);
    if (bytesRead > 0 && buffer.readUInt32LE(MARK_AT) !== MARK) throw new Error('expected its data.mdb to be one of LMDB');
  } finally {
    await file.close();
  }
}

/** The size of a value, before its first piece. */
const SIZE_BYTES = 8;

/**
 * Values lie in pieces: a get copies them one in a turn, so that a large one does not hold up its thread, and pages
 * that one value leaves fit the next. The first piece counts; pieces beyond its size, which a put and a delete of two
 * processes at the same time may leave, belong to no value and go with the key's next put or delete.
 */
class DiskEngine implements StoreEngine {
  readonly name: string;
  readonly #root: RootDatabase<Buffer, Buffer>;
  /** By key: the value's size and its first piece. */
  readonly #heads: Database<Buffer, Buffer>;
  /** By key and number: its further pieces. */
  readonly #pieces: Database<Buffer, Buffer>;

  constructor(path: string, root: RootDatabase<Buffer, Buffer>) {
    this.name = `disk store ${path}`;
    this.#root = root;
    const inBytes = { encoding: 'binary', keyEncoding: 'binary' } as const;
    this.#heads = root.openDB('heads', inBytes);
    this.#pieces = root.openDB('pieces', inBytes);
  }

  async put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const size = Buffer.alloc(SIZE_BYTES);
    size.writeDoubleBE(bytes.length);
    const head = Buffer.concat([size, bytes.subarray(0, STORE_LIMITS.pieceBytes)]);
    const writes = [this.#heads.put(Buffer.from(key), head)];
    let piece = 1;
    for (; piece * STORE_LIMITS.pieceBytes < bytes.length; piece++) {
      const at = piece * STORE_LIMITS.pieceBytes;
      const length = Math.min(STORE_LIMITS.pieceBytes, bytes.length - at);
      writes.push(this.#pieces.put(pieceKey(key, piece), Buffer.from(bytes.buffer, bytes.byteOffset + at, length)));
    }
    await committed([...writes, ...this.#removePieces(key, piece)]);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#root.resetReadTxn(); // or it may still be the view from before another process's put
    const transaction = this.#root.useReadTransaction();
    try {
      const head = this.#heads.get(Buffer.from(key), { transaction });
      if (head === undefined) return undefined;
      const bytes = new Uint8Array(head.readDoubleBE());
      bytes.set(head.subarray(SIZE_BYTES));
      for (let piece = 1; piece * STORE_LIMITS.pieceBytes < bytes.length; piece++) {
        await nextTurn();
        const next = this.#pieces.get(pieceKey(key, piece), { transaction });
        if (next === undefined) throw new Error(`expected a piece ${piece} of the value`);
        bytes.set(next, piece * STORE_LIMITS.pieceBytes);
      }
      return bytes;
    } finally {
      transaction.done();
    }
  }

  async delete(key: string): Promise<void> {
    await committed([this.#heads.remove(Buffer.from(key)), ...this.#removePieces(key, 1)]);
  }

  async page(prefix: string, after: string): Promise<readonly string[]> {
    this.#root.resetReadTxn();
    const start = Buffer.from(after === '' ? prefix : after);
    const keys: string[] = [];
    for (const key of this.#heads.getKeys({ start, exclusiveStart: after !== '', limit: STORE_LIMITS.pageKeys })) {
      const text = key.toString();
      if (!text.startsWith(prefix)) break;
      keys.push(text);
    }
    return keys;
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  #removePieces(key: string, from: number): Promise<boolean>[] {
    this.#root.resetReadTxn();
    const stale = this.#pieces.getKeys({ start: pieceKey(key, from), end: pieceKey(key, 0xffffffff) });
    return [...stale].map((piece) => this.#pieces.remove(piece));
  }
}

/** Waits for writes of one turn of the event loop, which LMDB does in one transaction: all of them or none. */
async function committed(writes: readonly Promise<boolean>[]): Promise<void> {
  try {
    await Promise.all(writes);
  } catch (error) {
    // The reason comes as a promise of its own, which would end the process if nobody took it.
    throw (await (error as { commitError?: Promise<never> }).commitError?.catch((reason: unknown) => reason)) ?? error;
  }
}

/** No key holds a zero byte, so that the pieces of each stand by themselves, in order. */
function pieceKey(key: string, piece: number): Buffer {
  const bytes = Buffer.from(`${key}\0\0\0\0\0`);
  bytes.writeUInt32BE(piece, bytes.length - 4);
  return bytes;
}
