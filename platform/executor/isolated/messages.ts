/**
 * What an executor and a process of an isolated app say to each other: frames of the wire's codec over two pipes.
 * The first carries what the process is told, the second what it says, and the answers that it waits for.
 */
import { type ErrorCode, PheromoneError } from '../../core/errors.ts';
import { encodeHead, PREFIX_BYTES, writePrefix } from '../../wire/codec.ts';
import { bad, flag, length, list, text } from '../../wire/fields.ts';
import type { Heads } from '../../wire/heads.ts';

/** File descriptors of the process: what it is told, what it says, and what ends when the node does. */
export const TOLD_FD = 3;
export const SAID_FD = 4;
export const LIFELINE_FD = 5;

/** All but the bytes of an object that a process reads. Buckets and functions by their position in the app's plan; -1: none. */
export interface ObjectHead {
  readonly bucket: number;
  readonly source: number;
  readonly key: string;
  readonly group: string;
  readonly metadata: string;
  readonly size: number;
}

export type ToProcess =
  /** The first message. Payload: the app's definition as structured clone. `load`: load all functions, and say `loaded`. */
  | { readonly type: 'app'; readonly load: boolean }
  /** Payload: the inputs' bytes, one after the other. */
  | {
      readonly type: 'run';
      readonly id: number;
      readonly fn: number;
      readonly slot: number;
      readonly epoch: number;
      readonly attempt: number;
      readonly serial: number;
      readonly inputs: readonly ObjectHead[];
    }
  /** The result of a run is not wanted any more. Answered by `aborted` as soon as the process comes to it. */
  | { readonly type: 'abort'; readonly id: number; readonly message: string }
  /** Answers `get`. Payload: the object's bytes. */
  | { readonly type: 'got'; readonly object: ObjectHead | undefined };

export type FromProcess =
  | { readonly type: 'loaded' }
  | { readonly type: 'load-failed'; readonly code: ErrorCode; readonly message: string }
  /** Payload: the object's bytes. */
  | {
      readonly type: 'send';
      readonly id: number;
      readonly bucket: number;
      readonly target: number;
      readonly key: string;
      readonly group: string;
      readonly metadata: string;
      readonly output: boolean;
    }
  | { readonly type: 'expect'; readonly id: number; readonly bucket: number; readonly group: string; readonly keys: readonly string[] }
  | { readonly type: 'get'; readonly id: number; readonly bucket: number; readonly key: string }
  | { readonly type: 'ended'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly code: ErrorCode; readonly message: string }
  | { readonly type: 'aborted'; readonly id: number }
  /** An error that nobody caught, in the course of an invocation that may be over. */
  | {
      readonly type: 'stray';
      readonly slot: number;
      readonly epoch: number;
      readonly fn: number;
      readonly code: ErrorCode;
      readonly message: string;
    };

/** The node is trusted; its messages are taken as they are. */
export const TO_PROCESS: Heads<ToProcess> = {
  toFields: (message) => [message],
  fromFields: (fields) => (fields as [ToProcess])[0],
};

const TYPES = ['loaded', 'load-failed', 'send', 'expect', 'get', 'ended', 'failed', 'aborted', 'stray'] as const;

/** A function can write to the pipe whatever it likes: every field is checked. */
export const FROM_PROCESS: Heads<FromProcess> = {
  toFields({ type, ...fields }) {
    return [TYPES.indexOf(type), ...Object.values(fields)];
  },
  fromFields(fields) {
    const f = list(fields, 'head');
    const type = TYPES[f[0] as number];
    switch (type) {
      case 'loaded':
        return { type };
      case 'load-failed':
        length(f, 3, type);
        return { type, code: code(f[1]), message: text(f[2], `${type}.message`) };
      case 'send':
        length(f, 8, type);
        return {
          ...{ type, id: integer(f[1], type), bucket: integer(f[2], type), target: integer(f[3], type) },
          ...{ key: text(f[4], type), group: text(f[5], type), metadata: text(f[6], type), output: flag(f[7], type) },
        };
      case 'expect': {
        length(f, 5, type);
        const keys = list(f[4], type).map((key) => text(key, type));
        return { type, id: integer(f[1], type), bucket: integer(f[2], type), group: text(f[3], type), keys };
      }
      case 'get':
        length(f, 4, type);
        return { type, id: integer(f[1], type), bucket: integer(f[2], type), key: text(f[3], type) };
      case 'ended':
      case 'aborted':
        length(f, 2, type);
        return { type, id: integer(f[1], type) };
      case 'failed':
        length(f, 4, type);
        return { type, id: integer(f[1], type), code: code(f[2]), message: text(f[3], type) };
      case 'stray': {
        length(f, 6, type);
        const [slot, epoch, fn] = f.slice(1, 4).map((field) => integer(field, type)) as [number, number, number];
        return { type, slot, epoch, fn, code: code(f[4]), message: text(f[5], type) };
      }
      default:
        throw bad('head', 'the tag of a message of a process', f[0]);
    }
  },
};

/** The lengths and the head of a frame, in memory of its own; its payload follows. */
export function frameHead<M>(heads: Heads<M>, message: M, payloadBytes: number): Buffer {
  const head = encodeHead(heads, message, payloadBytes);
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + head.length);
  writePrefix(frame, 0, head.length, payloadBytes);
  frame.set(head, PREFIX_BYTES);
  return frame;
}

function integer(value: unknown, where: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < -1) throw bad(where, 'a whole number from -1 up', value);
  return value as number;
}

/** Codes have the shape of a name; which one it is does not matter here. */
function code(value: unknown): ErrorCode {
  if (typeof value === 'string' && /^[A-Z_]{1,64}$/.test(value)) return value as ErrorCode;
  throw new PheromoneError('BAD_MESSAGE', `code: expected the code of an error, got ${String(value).slice(0, 64)}`);
}
