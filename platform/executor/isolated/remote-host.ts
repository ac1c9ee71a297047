/** What an invocation in a process of its own is given instead of the node's memory: copies, and a pipe to the executor. */
import { checkObjectSize } from '../../store/objects.ts';
import type { Invocation, InvocationHost, InvocationObjects, ResolvedSend } from '../invocation.ts';
import type { ObjectHead } from './messages.ts';
import { ask, say } from './pipe.ts';

export class RemoteHost implements InvocationHost {
  readonly objects: CopiedObjects;
  aborted = false;
  readonly #id: number;
  readonly #serial: number;

  /** `payload`: the bytes of all inputs, in their order. */
  constructor(id: number, serial: number, inputs: readonly ObjectHead[], payload: Uint8Array) {
    this.#id = id;
    this.#serial = serial;
    this.objects = new CopiedObjects();
    let at = 0;
    for (const input of inputs) {
      // Each begins in memory of its own, so that views of words and doubles fit.
      this.objects.add(input, input.size === payload.length ? payload : payload.slice(at, at + input.size));
      at += input.size;
    }
  }

  allocate(_: Invocation, size: number): Uint8Array {
    checkObjectSize(size);
    return new Uint8Array(size);
  }

  read(_: Invocation, ref: number): Uint8Array {
    return this.objects.bytes(ref);
  }

  isAborted(): boolean {
    return this.aborted;
  }

  nextSerial(): number {
    return this.#serial;
  }

  dispatch(_: Invocation, bytes: Uint8Array, { bucket, target, key, group, metadata, output }: ResolvedSend): void {
    say({ type: 'send', id: this.#id, bucket: bucket?.index ?? -1, target, key, group, metadata, output }, bytes);
  }

  expect(_: Invocation, bucket: number, group: string, keys: readonly string[]): void {
    say({ type: 'expect', id: this.#id, bucket, group, keys });
  }

  find(_: Invocation, bucket: number, key: string): number {
    const { object, bytes } = ask({ type: 'get', id: this.#id, bucket, key });
    return object === undefined ? -1 : this.objects.add(object, bytes);
  }
}

/** Objects of one invocation; a reference is the position. */
class CopiedObjects implements InvocationObjects {
  readonly #copies: { readonly head: ObjectHead; readonly bytes: Uint8Array }[] = [];

  add(head: ObjectHead, bytes: Uint8Array): number {
    return this.#copies.push({ head, bytes }) - 1;
  }

  /** Only inputs are read as a list, and they come first. */
  readList(_list: number, count: number): number[] {
    return Array.from({ length: count }, (_, ref) => ref);
  }

  bytes(ref: number): Uint8Array {
    return this.#at(ref).bytes;
  }

  bucket(ref: number): number {
    return this.#at(ref).head.bucket;
  }

  source(ref: number): number {
    return this.#at(ref).head.source;
  }

  key(ref: number): string {
    return this.#at(ref).head.key;
  }

  group(ref: number): string {
    return this.#at(ref).head.group;
  }

  metadata(ref: number): string {
    return this.#at(ref).head.metadata;
  }

  #at(ref: number): { readonly head: ObjectHead; readonly bytes: Uint8Array } {
    return this.#copies[ref]!;
  }
}
