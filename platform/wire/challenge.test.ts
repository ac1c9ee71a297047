import { connect as connectSocket } from 'node:net';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { PheromoneError } from '../core/errors.ts';
import { proofOf } from './challenge.ts';
import { NODE_SIDE } from './client-protocol.ts';
import { Dialler } from './dialler.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { listen } from './greeting.ts';
import { type Challenge, type GreetingMessage, type Hello, type Peer, PROTOCOL_VERSION, type Proof } from './greeting-messages.ts';
import { WIRE_LIMITS } from './limits.ts';
import { CLIENT, dialling, failsWith, greetingFrame, HOST, listening, NODE, stranger } from './testing/greeting.ts';
import { WrongProofs } from './wrong-proofs.ts';

const SECRET = 'a secret of more than sixteen bytes';
const OTHER = 'another one, likewise long enough';
const NO_CHANNEL = (): Uint8Array => new Uint8Array(0);
const accept = (_: Peer, speak: (protocol: typeof NODE_SIDE) => unknown): void => void speak(NODE_SIDE);

function dialler(secret = SECRET, channel = NO_CHANNEL): Dialler {
  return new Dialler('there', CLIENT, secret, channel);
}

function doorkeeper(secret = SECRET, channel = NO_CHANNEL, wrongProofs = new WrongProofs()): Doorkeeper {
  return new Doorkeeper(NODE, secret, wrongProofs, { address: 'here', channel });
}

function refuses(t: ExecutionContext, step: () => unknown, message: RegExp): void {
  const error = t.throws(step, { instanceOf: PheromoneError, message });
  t.is(error?.code, 'UNAUTHENTICATED');
}

/** The `proof` of a dialler that a doorkeeper has challenged. */
function prove(guest: Dialler, door: Doorkeeper): Proof {
  return guest.answer(door.answer(guest.hello) as Challenge) as Proof;
}

test('ends with the same secret let each other in, over a real socket', async (t) => {
  for (const secret of [SECRET, Buffer.from(SECRET)]) {
    const port = await listening(t, accept, { security: { secret } });
    const { peer } = await dialling(t, port, { security: { secret: SECRET } });
    t.deepEqual(peer, { ...NODE, pid: process.pid });
  }
});

test('an end with another secret, with none, or the only one with one is refused', async (t) => {
  const locked = await listening(t, accept, { security: { secret: SECRET } });
  const open = await listening(t, accept);
  const there = `${HOST}:${locked}`;
  await failsWith(t, dialling(t, locked), 'UNAUTHENTICATED', /^expected a peer with the cluster secret, got one without$/);
  const wrong = dialling(t, locked, { security: { secret: OTHER } });
  await failsWith(t, wrong, 'UNAUTHENTICATED', new RegExp(`^${there}: expected proof of the cluster secret, got a wrong one$`));
  const alone = dialling(t, open, { security: { secret: SECRET } });
  await failsWith(t, alone, 'UNAUTHENTICATED', /^expected a peer without a cluster secret, got one with$/);
});

test('an end with a secret is not satisfied with a welcome that proves nothing', async (t) => {
  const welcome = greetingFrame({ type: 'welcome', version: PROTOCOL_VERSION, ...NODE, pid: 1 });
  const port = await stranger(t, (socket) => socket.once('data', () => socket.write(welcome)));
  const message = /expected proof of the cluster secret, got a welcome without$/;
  await failsWith(t, dialling(t, port, { security: { secret: SECRET } }), 'UNAUTHENTICATED', message);
});

test('an end without a secret answers no challenge', (t) => {
  const challenge = doorkeeper().answer(dialler().hello) as Challenge;
  const guest = new Dialler('there', CLIENT, undefined, NO_CHANNEL);
  refuses(t, () => guest.answer(challenge), /expected none that asks for proof/);
});

test('a challenge without a right proof gets none in return', (t) => {
  const guest = dialler();
  const challenge = doorkeeper().answer(guest.hello) as Challenge;
  const broken = challenge.proof.map((byte) => byte ^ 1);
  for (const proof of [broken, challenge.proof.subarray(1), new Uint8Array(0)]) {
    refuses(t, () => guest.answer({ ...challenge, proof }), /got a wrong one$/);
  }
  t.is(guest.answer(challenge).type, 'proof');
});

test('a proof is worth nothing on another connection, for another name or in another role', (t) => {
  const guest = dialler();
  const proof = prove(guest, doorkeeper());
  const hellos: Hello[] = [guest.hello, { ...guest.hello, name: 'd' }, { ...guest.hello, role: 'manager' }];
  for (const hello of hellos) {
    const door = doorkeeper();
    door.answer(hello);
    refuses(t, () => door.answer(proof), /got a wrong one$/);
  }
});

test('what a listener proves cannot be given back to it as a proof of one’s own', (t) => {
  const door = doorkeeper();
  const { proof } = door.answer(dialler().hello) as Challenge;
  refuses(t, () => door.answer({ type: 'proof', proof }), /got a wrong one$/);
  const transcript = { dialler: { ...CLIENT, nonce: new Uint8Array(32) }, listener: { ...CLIENT, nonce: new Uint8Array(32) } };
  const sides = (['dialler', 'listener'] as const).map((end) => proofOf(SECRET, end, { ...transcript, channel: NO_CHANNEL() }));
  t.notDeepEqual(sides[0], sides[1]);
});

test('over TLS, what is relayed between two connections proves nothing', (t) => {
  const guest = dialler(SECRET, () => Uint8Array.of(1));
  const challenge = doorkeeper(SECRET, () => Uint8Array.of(2)).answer(guest.hello) as Challenge;
  refuses(t, () => guest.answer(challenge), /got a wrong one$/);
});

test('the welcome of another one than has proven to know the secret is refused', (t) => {
  const guest = dialler();
  prove(guest, doorkeeper());
  const welcome = { type: 'welcome', version: PROTOCOL_VERSION, ...NODE, pid: 1 } as const;
  refuses(t, () => guest.answer({ ...welcome, name: 'm' }), /expected worker n, got the welcome of another one$/);
  t.is(guest.answer(welcome), welcome);
});

test('every connection has nonces of its own', (t) => {
  const guests = [dialler(), dialler()];
  const challenges = guests.map((guest) => doorkeeper().answer(guest.hello) as Challenge);
  const nonces = [...guests.map((guest) => guest.hello.nonce), ...challenges.map(({ nonce }) => nonce)].map((nonce) =>
    Buffer.from(nonce).toString('hex'),
  );
  t.is(new Set(nonces).size, 4);
  t.true(nonces.every((nonce) => nonce.length === 2 * WIRE_LIMITS.nonceBytes));
});

test('messages out of turn are refused', (t) => {
  const { hello } = dialler();
  const proof: GreetingMessage = { type: 'proof', proof: new Uint8Array(32) };
  t.throws(() => doorkeeper().answer(proof), { message: 'expected hello in a greeting, got proof' });
  const door = doorkeeper();
  door.answer(hello);
  t.throws(() => door.answer(hello), { message: 'expected proof in a greeting, got hello' });
  const guest = dialler();
  const challenge = doorkeeper().answer(guest.hello) as Challenge;
  guest.answer(challenge);
  t.throws(() => guest.answer(challenge), { message: /expected a welcome of version \d+, got challenge$/ });
});

test('an address that has given too many wrong proofs is refused whatever it proves, also on connections it had before', (t) => {
  const wrongProofs = new WrongProofs();
  const early = doorkeeper(SECRET, NO_CHANNEL, wrongProofs);
  const guest = dialler();
  const right = prove(guest, early);
  for (let i = 0; i < WIRE_LIMITS.wrongProofs; i++) {
    const door = doorkeeper(SECRET, NO_CHANNEL, wrongProofs);
    door.answer(dialler().hello);
    refuses(t, () => door.answer({ type: 'proof', proof: new Uint8Array(32) }), /got a wrong one$/);
  }
  const later = /^here: expected fewer wrong proofs of the cluster secret; try again later$/;
  refuses(t, () => early.answer(right), later);
  refuses(t, () => doorkeeper(SECRET, NO_CHANNEL, wrongProofs).answer(dialler().hello), later);
});

test('without a secret nothing listens where other machines reach it', async (t) => {
  const message = /^listen on 0\.0\.0\.0:0: expected a cluster secret, or 127\.0\.0\.1 as the host/;
  const options = { port: 0, self: NODE, accept } as const;
  await failsWith(t, listen({ ...options, host: '0.0.0.0' }), 'INVALID_ARGUMENT', message);
  for (const host of ['::', '192.0.2.1', 'example.org', ''])
    await failsWith(t, listen({ ...options, host }), 'INVALID_ARGUMENT', /a cluster secret/);
  for (const host of ['localhost', '127.0.0.2', HOST]) await (await listen({ ...options, host })).close();
  await (await listen({ ...options, host: '0.0.0.0', security: { secret: SECRET } })).close();
});

test('a secret that could be guessed is refused on both ends, and not repeated', async (t) => {
  const security = { secret: 'too short' };
  const message = /expected a cluster secret of at least 16 bytes, got 9$/;
  await failsWith(t, listen({ host: HOST, port: 0, self: NODE, accept, security }), 'INVALID_ARGUMENT', message);
  await failsWith(t, dialling(t, 1, { security }), 'INVALID_ARGUMENT', message);
});

test('the secret is in nothing that is sent and in no error', async (t) => {
  const sent: Buffer[] = [];
  const port = await stranger(t, (socket) => socket.on('data', (chunk) => sent.push(chunk)));
  const security = { secret: SECRET };
  const error = await t.throwsAsync(dialling(t, port, { security, timeoutMs: 500 }));
  const locked = await listening(t, accept, { security });
  const socket = connectSocket(locked, HOST);
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  socket.write(greetingFrame(dialler().hello));
  sent.push(await new Promise<Buffer>((resolve) => socket.once('data', resolve)));
  socket.write(greetingFrame({ type: 'proof', proof: new Uint8Array(32) }));
  sent.push(await new Promise<Buffer>((resolve) => socket.once('data', resolve)));
  t.true(sent.length >= 3);
  t.false(Buffer.concat(sent).includes(SECRET));
  t.false(inspect(error, { depth: 9 }).includes(SECRET));
});
