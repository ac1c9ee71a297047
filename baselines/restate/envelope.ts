/** What travels in the payloads of Restate: labels and spans as JSON, then the values as they are. */
import type { Serde } from '@restatedev/restate-sdk';
import { DriverError, type Output, type Span } from '../../workloads/api/driver.ts';
import type { Input } from '../../workloads/api/workflow.ts';

/** A call of a function, or of the orchestrating handler to start with that function. */
export interface Call {
  /** The run as its caller names it. */
  readonly run: string;
  /** Invocation id of the orchestrating handler; `''` in a call of that handler itself. */
  readonly root: string;
  readonly fn: string;
  readonly inputs: readonly Input[];
  /** Whether the driver wants to be told when the session is over. */
  readonly isWatched: boolean;
}

/** What a function or a run came to. */
export interface Ended {
  readonly values: readonly Output[];
  readonly spans: readonly Span[];
}

/** What labels, spans and Restate's own framing may take of a message. */
const RESERVED_BYTES = 64 << 10;
/** What one message can hold: the default of `worker.invoker.message-size-limit`, 32 MiB. */
export const MESSAGE_LIMIT_BYTES = (32 << 20) - RESERVED_BYTES;
/**
 * What one result, and an input from outside, can hold: half of that. A handler gets such messages one after the other,
 * and `worker.invoker.per-invocation-memory-limit`, 32 MiB at most, has to have room for two: above that a run stalls.
 */
export const PAYLOAD_LIMIT_BYTES = (16 << 20) - RESERVED_BYTES;

/** Throws `PAYLOAD_TOO_LARGE` if the values are, together, larger than `limit` bytes. */
export function checkSize(what: string, values: readonly { readonly bytes: Uint8Array }[], limit: number): void {
  const size = values.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (size > limit) throw new DriverError('PAYLOAD_TOO_LARGE', `${what}: expected at most ${limit} bytes, got ${size}`);
}

const LENGTH_BYTES = 4;

type Labels = Omit<Output, 'bytes'> & { readonly size: number };

function encode(rest: object, values: readonly Output[]): Uint8Array {
  const labels = values.map(({ from, key, group, bytes }): Labels => ({ from, key, group, size: bytes.length }));
  const head = Buffer.from(JSON.stringify({ ...rest, labels }));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, ...values.map(({ bytes }) => bytes)]);
}

function decode<T>(data: Uint8Array): { readonly rest: T; readonly values: readonly Output[] } {
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  let at = LENGTH_BYTES + buffer.readUInt32LE();
  const { labels, ...rest } = JSON.parse(buffer.toString('utf8', LENGTH_BYTES, at)) as T & { readonly labels: readonly Labels[] };
  const values = labels.map(({ size, ...label }) => {
    at += size;
    return { ...label, bytes: new Uint8Array(data.buffer, data.byteOffset + at - size, size) };
  });
  return { rest: rest as T, values };
}

const contentType = 'application/octet-stream';

export const callSerde: Required<Pick<Serde<Call>, 'contentType' | 'serialize' | 'deserialize'>> = {
  contentType,
  serialize: ({ inputs, ...rest }) => encode(rest, inputs),
  deserialize: (data) => {
    const { rest, values } = decode<Omit<Call, 'inputs'>>(data);
    return { ...rest, inputs: values };
  },
};

export const endedSerde: Required<Pick<Serde<Ended>, 'contentType' | 'serialize' | 'deserialize'>> = {
  contentType,
  serialize: ({ values, ...rest }) => encode(rest, values),
  deserialize: (data) => {
    const { rest, values } = decode<Omit<Ended, 'values'>>(data);
    return { ...rest, values };
  },
};
