/** What the driver and its process say to each other over one loopback connection, and how it is framed. */
import type { Socket } from 'node:net';
import type { DriverErrorCode, Output, Span } from '../../workloads/api/driver.ts';
import type { Workflow } from '../../workloads/api/workflow.ts';

/** Driver to process. Each is answered with the same id, `cancel` by the end of the call that it names. */
export type Request =
  | { readonly type: 'deploy'; readonly id: number; readonly deployment: number; readonly workflow: Workflow }
  | { readonly type: 'remove'; readonly id: number; readonly deployment: number }
  /** The payload is the input. Calls run one after the other, in the order in which they come. */
  | { readonly type: 'invoke'; readonly id: number; readonly deployment: number }
  | { readonly type: 'cancel'; readonly id: number }
  /** Answered as soon as the process's event loop is free. */
  | { readonly type: 'ping'; readonly id: number };

/** Process to driver. */
export type Reply =
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly code: DriverErrorCode; readonly message: string }
  /** The payload is the outputs' bytes, one after the other. */
  | {
      readonly type: 'result';
      readonly id: number;
      readonly outputs: readonly OutputHead[];
      readonly spans: readonly Span[];
      readonly injectedNs?: number;
    };

/** An output without its bytes. */
export type OutputHead = Omit<Output, 'bytes'> & { readonly size: number };

/** Two lengths before each frame: of the message as JSON, and of the payload; u32, little-endian. */
const PREFIX_BYTES = 8;

/** Sends a message; the payload's memory must stay as it is until it has left. */
export function send(socket: Socket, message: Request | Reply, payload: readonly Uint8Array[] = []): void {
  const head = Buffer.from(JSON.stringify(message));
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  prefix.writeUInt32LE(head.length, 0);
  prefix.writeUInt32LE(
    payload.reduce((sum, { length }) => sum + length, 0),
    4,
  );
  socket.cork();
  for (const part of [prefix, head, ...payload]) socket.write(part);
  socket.uncork();
}

/** Calls `handle` for each message that comes in on `socket`. */
export function receive<M extends Request | Reply>(socket: Socket, handle: (message: M, payload: Uint8Array) => void): void {
  const chunks: Buffer[] = [];
  let gathered = 0;
  let wanted = PREFIX_BYTES;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    gathered += chunk.length;
    while (gathered >= wanted) {
      const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, gathered);
      chunks.splice(0, chunks.length, bytes);
      const headEnd = PREFIX_BYTES + bytes.readUInt32LE(0);
      const end = headEnd + bytes.readUInt32LE(4);
      wanted = end;
      if (gathered < end) return;
      chunks.splice(0, 1, ...(end === bytes.length ? [] : [bytes.subarray(end)]));
      gathered -= end;
      wanted = PREFIX_BYTES;
      handle(JSON.parse(bytes.toString('utf8', PREFIX_BYTES, headEnd)) as M, bytes.subarray(headEnd, end));
    }
  });
}
