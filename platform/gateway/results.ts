/** Results as HTTP carries them: one output as it is, anything else as JSON. */
import type { FastifyReply } from 'fastify';
import type { CallResult, Output } from '../client/run.ts';
import { PheromoneError } from '../core/errors.ts';
import type { Trace } from '../wire/messages.ts';
import type { GatewayLimits } from './limits.ts';

export interface OutputJson {
  readonly source: string;
  readonly key: string;
  readonly group: string;
  readonly base64: string;
}

export interface ResultJson extends Trace {
  readonly outputs: readonly OutputJson[];
}

/** Answers with the bytes of an output; which output it is stands in headers, percent-encoded. */
export function sendOutput(reply: FastifyReply, { source, key, group, bytes }: Output): void {
  reply
    .header('content-type', 'application/octet-stream')
    .header('pheromone-source', encodeName(source))
    .header('pheromone-key', encodeName(key))
    .header('pheromone-group', encodeName(group))
    .send(bufferOf(bytes));
}

/** Throws `OBJECT_TOO_LARGE` where the outputs are more than JSON should hold. */
export function resultJson({ outputs, spans, transfers }: CallResult, { jsonBytes }: GatewayLimits): ResultJson {
  const size = outputs.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (size > jsonBytes) {
    throw new PheromoneError(
      'OBJECT_TOO_LARGE',
      `result: expected at most ${jsonBytes} bytes of outputs to be answered as JSON, got ${size}`,
    );
  }
  return {
    outputs: outputs.map(({ source, key, group, bytes }) => ({ source, key, group, base64: bufferOf(bytes).toString('base64') })),
    spans,
    ...(transfers && { transfers }),
  };
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

function encodeName(name: string): string {
  return name === '' ? name : encodeURIComponent(name.toWellFormed());
}
