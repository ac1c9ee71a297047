import test from 'ava';
import { CLIENT_SIDE, NODE_SIDE } from './client-protocol.ts';
import type { NodeMessage } from './messages.ts';
import { dialling, listening } from './testing/greeting.ts';

const SIZES = [0, 1, 70_000, 5_000_000, 3, 65_536, 1_000_000, 200];

/** Bytes that differ from place to place and from message to message. */
function patterned(size: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => at * 31 + seed * 7);
}

test('payloads are read straight into the memory that is given for them, and others come as ever', async (t) => {
  const port = await listening(t, (_, speak) => {
    const connection = speak(NODE_SIDE);
    connection.onMessage(() => {
      for (const [id, size] of SIZES.entries()) {
        const outputs = [{ source: 'f', key: '', group: '', size }];
        connection.send({ type: 'result', id, outputs, spans: [] }, patterned(size, id));
      }
    });
  });
  // One large one is given no memory.
  const memory = SIZES.map((size, id) => (id === 6 ? undefined : new Uint8Array(new SharedArrayBuffer(size))));
  const room = (message: NodeMessage): Uint8Array | undefined => ('id' in message ? memory[message.id] : undefined);
  const { connection } = await dialling(t, port, { protocol: { ...CLIENT_SIDE, room } });
  const seen: number[] = [];
  await new Promise<void>((resolve) => {
    connection.onMessage((message, payload) => {
      const id = 'id' in message ? message.id : -1;
      t.is(Buffer.compare(payload, patterned(SIZES[id] ?? 0, id)), 0);
      if (payload.length >= 1_000_000) t.is(payload.buffer === memory[id]?.buffer, id !== 6);
      if (seen.push(id) === SIZES.length) resolve();
    });
    connection.send({ type: 'status', id: 1 });
  });
  t.deepEqual(seen, [...SIZES.keys()]);
});

test('a connection that reads straight into memory notices its end', async (t) => {
  const port = await listening(t, (_, speak) => {
    const connection = speak(NODE_SIDE);
    connection.onMessage(() => connection.close());
  });
  const { connection } = await dialling(t, port, { protocol: { ...CLIENT_SIDE, room: () => undefined } });
  const ended = new Promise((resolve) => connection.onClose(resolve));
  connection.onMessage(() => {});
  connection.send({ type: 'status', id: 1 });
  t.is(await ended, undefined);
});
