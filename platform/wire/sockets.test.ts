import { once } from 'node:events';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import test from 'ava';
import { NODE_SIDE } from './client-protocol.ts';
import { listen } from './greeting.ts';
import type { Peer } from './greeting-messages.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { ClientMessage } from './messages.ts';
import type { Tls } from './security.ts';
import { newAuthority } from './testing/certificates.ts';
import { closed, dialling, failsWith, HOST, listening, NODE } from './testing/greeting.ts';

const secret = 'a secret of more than sixteen bytes';
const accept = (_: Peer, speak: (protocol: typeof NODE_SIDE) => unknown): void => void speak(NODE_SIDE);
const callOf = (id: number): ClientMessage => ({
  type: 'call',
  id,
  app: 'a',
  fn: 'f',
  answer: 'first',
  deadlineMs: undefined,
  trace: false,
});

const authority = newAuthority();
const tlsOf = async (host: string): Promise<Tls> => (await authority).issue(host);

test('messages of every size go through TLS, with a secret and without', async (t) => {
  const tls = await tlsOf(HOST);
  for (const security of [{ tls }, { tls, secret }]) {
    const payloads = [0, 100, 65_537, 3_000_000].map((size) => new Uint8Array(new SharedArrayBuffer(size)).fill(size % 251));
    const received = Promise.withResolvers<number[]>();
    const port = await listening(
      t,
      (_, speak) => {
        const sizes: number[] = [];
        speak(NODE_SIDE).onMessage((_, payload) => {
          if (payload.every((byte) => byte === payload.length % 251)) sizes.push(payload.length);
          if (sizes.length === payloads.length) received.resolve(sizes);
        });
      },
      { security },
    );
    const { connection } = await dialling(t, port, { security });
    const kept: Promise<void>[] = [];
    for (const [id, payload] of payloads.entries()) {
      kept.push(new Promise((resolve) => connection.send(callOf(id), payload, { keep: true, sent: resolve })));
    }
    t.deepEqual(await received.promise, [0, 100, 65_537, 3_000_000]);
    await Promise.all(kept);
  }
});

test('what is sent cannot be read on the way', async (t) => {
  const security = { tls: await tlsOf(HOST) };
  const arrived = Promise.withResolvers<void>();
  const port = await listening(t, (_, speak) => speak(NODE_SIDE).onMessage(() => arrived.resolve()), { security });
  const overheard: Buffer[] = [];
  const between = createServer((near) => {
    const far: Socket = connectSocket(port, HOST);
    near.on('data', (chunk) => overheard.push(chunk));
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => {});
  }).listen(0, HOST);
  await once(between, 'listening');
  t.teardown(() => between.close());
  const { connection } = await dialling(t, (between.address() as { port: number }).port, { security });
  connection.send(callOf(1), Buffer.from('in confidence'));
  await arrived.promise;
  t.true(overheard.length > 0);
  t.false(Buffer.concat(overheard).includes('in confidence'));
});

test('a listener whose certificate another authority has signed, or for another host, is refused', async (t) => {
  const tls = await tlsOf(HOST);
  const { ca } = await (await newAuthority()).issue(HOST);
  const port = await listening(t, accept, { security: { tls } });
  await failsWith(t, dialling(t, port, { security: { tls: { ...tls, ca } } }), 'UNAUTHENTICATED', /signature failure/);
  const elsewhere = await listening(t, accept, { security: { tls: await tlsOf('node.example') } });
  await failsWith(t, dialling(t, elsewhere, { security: { tls } }), 'UNAUTHENTICATED', /altnames/);
  const named = { tls: { ...tls, serverName: 'node.example' } };
  t.is((await dialling(t, elsewhere, { security: named })).peer.name, NODE.name);
});

test('a dialler whose certificate another authority has signed, or without one, is refused', async (t) => {
  const tls = await tlsOf(HOST);
  const stranger = await (await newAuthority()).issue(HOST);
  const port = await listening(t, () => t.fail(), { security: { tls } });
  const unknown = dialling(t, port, { security: { tls: { ...stranger, ca: tls.ca } } });
  await failsWith(
    t,
    unknown,
    'DISCONNECTED',
    /got the end of the connection: this end's certificate may not be one of the cluster's$|ECONNRESET/,
  );
  const bare = connectTls({ host: HOST, port, ca: Buffer.from(tls.ca) });
  await closed(bare);
});

test('an end with TLS and one without have nothing to say to each other', async (t) => {
  const tls = await tlsOf(HOST);
  const locked = await listening(t, () => t.fail(), { security: { tls } });
  await t.throwsAsync(dialling(t, locked));
  const open = await listening(t, () => t.fail());
  await failsWith(t, dialling(t, open, { security: { tls } }), 'UNAUTHENTICATED', /wrong version number/);
});

test('TLS alone does not open a door to other machines', async (t) => {
  const security = { tls: await tlsOf(HOST) };
  const listener = listen({ host: '0.0.0.0', port: 0, self: NODE, accept, security });
  await failsWith(t, listener, 'INVALID_ARGUMENT', /expected a cluster secret/);
});

test('what is no certificate is refused on both ends', async (t) => {
  const security = { tls: { cert: 'c', key: 'k', ca: 'a' } };
  await failsWith(t, listen({ host: HOST, port: 0, self: NODE, accept, security }), 'INVALID_ARGUMENT', /in PEM/);
  await failsWith(t, dialling(t, 1, { security }), 'INVALID_ARGUMENT', /in PEM/);
});

test('whoever connects to a listener with TLS and says nothing is sent away when it closes', async (t) => {
  const listener = await listen({ host: HOST, port: 0, self: NODE, accept, security: { tls: await tlsOf(HOST) } });
  const socket = connectSocket(listener.port, HOST);
  await once(socket, 'connect');
  await Promise.all([closed(socket), listener.close()]);
  t.pass();
});

test('whoever does not come to an end with TLS is sent away in time, and the oldest ones where there are too many', async (t) => {
  const security = { tls: await tlsOf(HOST) };
  const silent = connectSocket(await listening(t, accept, { security, timeoutMs: 300 }), HOST);
  await closed(silent);
  const port = await listening(t, accept, { security });
  const oldest = connectSocket(port, HOST);
  await once(oldest, 'connect');
  const gone = closed(oldest);
  for (let i = 0; i < WIRE_LIMITS.greetingsPerListener; i++) {
    const socket = connectSocket(port, HOST);
    t.teardown(() => socket.destroy());
    await once(socket, 'connect');
  }
  await gone;
  t.is((await dialling(t, port, { security })).peer.name, NODE.name);
});
