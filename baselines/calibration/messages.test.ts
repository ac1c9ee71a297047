import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import test from 'ava';
import fc from 'fast-check';
import { type Request, receive, send } from './messages.ts';

/** What `send` writes for some messages. */
function written(messages: readonly (readonly [Request, Uint8Array])[]): Buffer {
  const chunks: Buffer[] = [];
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  }) as Socket;
  for (const [message, payload] of messages) send(socket, message, [payload]);
  return Buffer.concat(chunks);
}

test('Messages and payloads survive, however the connection cuts them', (t) => {
  const payload = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(
      fc.array(payload, { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
      (payloads, cuts) => {
        const sent = payloads.map((bytes, id): [Request, Uint8Array] => [{ type: 'invoke', id, deployment: 7 }, bytes]);
        const bytes = written(sent);
        const socket = new Duplex({ read() {} }) as Socket;
        const received: [Request, number[]][] = [];
        receive<Request>(socket, (message, part) => received.push([message, [...part]]));
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const size = cuts[cut % cuts.length]!;
          socket.emit('data', bytes.subarray(at, at + size));
          at += size;
        }
        t.deepEqual(
          received,
          sent.map(([message, part]) => [message, [...part]]),
        );
      },
    ),
    { numRuns: 50 },
  );
});
