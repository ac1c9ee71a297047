/** The process's end of what it says: written and, where it waits for an answer, read at once, since library calls are synchronous. */
import { readSync, writeSync } from 'node:fs';
import { FrameDecoder } from '../../wire/codec.ts';
import { FROM_PROCESS, type FromProcess, frameHead, type ObjectHead, SAID_FD, TO_PROCESS } from './messages.ts';

const NOTHING = new Uint8Array(0);
const CHUNK_BYTES = 65_536;

/** Says something. Returns when the operating system has it all, so that what follows, whatever it is, comes after it. */
export function say(message: FromProcess, payload: Uint8Array = NOTHING): void {
  writeAll(frameHead(FROM_PROCESS, message, payload.length));
  if (payload.length > 0) writeAll(payload);
}

/** An object and its bytes, or neither where there is none. */
export interface Got {
  readonly object: ObjectHead | undefined;
  readonly bytes: Uint8Array;
}

/** Says something that the node answers, and waits for the answer. */
export function ask(message: FromProcess & { readonly type: 'get' }): Got {
  let got: Got | undefined;
  const decoder = new FrameDecoder(TO_PROCESS, (answer, payload) => {
    if (answer.type === 'got') got = { object: answer.object, bytes: Uint8Array.from(payload) };
  });
  say(message);
  const chunk = new Uint8Array(CHUNK_BYTES);
  while (got === undefined) {
    const read = readSync(SAID_FD, chunk);
    if (read === 0) process.exit();
    decoder.push(chunk.subarray(0, read));
  }
  return got;
}

function writeAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(SAID_FD, bytes, at);
}
