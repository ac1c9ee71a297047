import test from 'ava';
import { LIMITS } from '../core/limits.ts';
import type { Member } from '../core/membership.ts';
import { encodeHead, FrameDecoder, PREFIX_BYTES, writePrefix } from './codec.ts';
import { WIRE_LIMITS } from './limits.ts';
import { type FromManager, MANAGER_SIDE, MEMBER_SIDE } from './manager-messages.ts';

/** What the other end makes of a message. */
function received(message: FromManager): FromManager[] {
  const head = encodeHead(MANAGER_SIDE.sends, message, 0);
  const frame = Buffer.alloc(PREFIX_BYTES + head.length);
  writePrefix(frame, 0, head.length, 0);
  frame.set(head, PREFIX_BYTES);
  const messages: FromManager[] = [];
  new FrameDecoder(MEMBER_SIDE.receives, (decoded) => messages.push(decoded), { limits: MEMBER_SIDE.limits! }).push(frame);
  return messages;
}

test('the largest view that there can be arrives', (t) => {
  const label = 'ü'.repeat(LIMITS.nameLength);
  const member: Member = {
    ...{ name: label, role: 'worker', host: 'h'.repeat(WIRE_LIMITS.hostLength), port: 65_535, pid: 2 ** 31, executors: 128 },
    ...{ labels: Array.from({ length: LIMITS.labels }, () => label), draining: false, incarnation: Number.MAX_SAFE_INTEGER },
  };
  const members = Array.from({ length: LIMITS.members }, () => member);
  const message: FromManager = { type: 'view', view: { version: Number.MAX_SAFE_INTEGER, members } };
  t.deepEqual(received(message), [message]);
});

test('every message of a manager arrives as it was sent', (t) => {
  const messages: FromManager[] = [
    { type: 'admitted', incarnation: 7, heartbeatMs: 500, suspectMs: 3_000.5 },
    { type: 'admitted', incarnation: null, heartbeatMs: 500, suspectMs: 3_000 },
    { type: 'refused', message: 'no' },
    { type: 'dropped', message: 'no more' },
    { type: 'beat' },
    { type: 'done' },
  ];
  for (const message of messages) t.deepEqual(received(message), [message]);
});
