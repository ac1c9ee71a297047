import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { DurableStore } from './durable-store.ts';
import { STORE_LIMITS } from './limits.ts';
import { openS3Store } from './s3-store.ts';
import { bytesOf } from './testing/values.ts';

/** Longer than any machine is busy with something else. */
const PATIENT_MS = 600_000;
/** For servers that say nothing. */
const BRIEF_MS = 2_000;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

interface Scripted {
  readonly store: DurableStore;
  /** How many requests have come. */
  readonly asked: () => number;
}

/** A store whose server has the bucket, and answers what comes then with one answer after the other, the last one for good. */
async function openScripted(t: ExecutionContext, answers: readonly Answer[], idleMs = PATIENT_MS): Promise<Scripted> {
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.method === 'HEAD') return void response.end();
    request.resume();
    answers[Math.min(asked++, answers.length - 1)]?.(request, response);
  }).listen(0, '127.0.0.1');
  server.keepAliveTimeout = PATIENT_MS;
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKey: 'the-access-key', secretKey: 'the-secret-key' };
  const store = await openS3Store({ endpoint: `http://127.0.0.1:${port}`, bucket: 'bucket', ...credentials, idleMs });
  t.teardown(() => store.close());
  return { store, asked: () => asked };
}

const value = (_: IncomingMessage, response: ServerResponse) => void response.end('value');
const overloaded = (_: IncomingMessage, response: ServerResponse) => void response.writeHead(503).end('<Error/>');
const cut = (_: IncomingMessage, response: ServerResponse) => void response.destroy();
const silent = () => {};
const half = (_: IncomingMessage, response: ServerResponse) => void response.writeHead(200, { 'content-length': '5' }).write('val');
const endless = (_: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(200, { 'content-length': '99999999999' }).write('x');
const forbidden = (_: IncomingMessage, response: ServerResponse) =>
  void response
    .writeHead(403)
    .end('<Error><Code>SignatureDoesNotMatch</Code><Message>the-access-key signed with the-secret-key</Message></Error>');
const cutHalf = (request: IncomingMessage, response: ServerResponse) => {
  half(request, response);
  setImmediate(() => response.destroy());
};

test('S3: overload and a cut connection, in the middle of an answer too, are overcome by asking again', async (t) => {
  for (const trouble of [
    [overloaded, overloaded, overloaded],
    [cut, cutHalf],
  ]) {
    const { store, asked } = await openScripted(t, [...trouble, value]);
    t.is(String(Buffer.from((await store.get('key')) as Uint8Array)), 'value');
    t.is(asked(), trouble.length + 1);
  }
});

test('S3: silence, in the middle of an answer too, is overcome by asking again', async (t) => {
  const { store } = await openScripted(t, [silent, half, value], BRIEF_MS);
  t.is(String(Buffer.from((await store.get('key')) as Uint8Array)), 'value');
});

test('S3: a server that never does what it should is given up after a bounded number of attempts', async (t) => {
  for (const [answer, idleMs, words] of [
    [overloaded, PATIENT_MS, 'the server answered with status 503'],
    [silent, BRIEF_MS, 'no sign of the server for 2000 ms'],
  ] as const) {
    const { store, asked } = await openScripted(t, [answer], idleMs);
    const error = await t.throwsAsync(store.put('key', bytesOf(10)), { code: 'STORE_FAILED' });
    t.regex(error?.message ?? '', new RegExp(`^S3 store 127.*/bucket: put "key": ${words} \\(${STORE_LIMITS.attempts} attempts\\)$`));
    t.is(asked(), STORE_LIMITS.attempts);
  }
});

test('S3: a refusal is not asked for again, and what the server repeats of a credential is left out', async (t) => {
  const { store, asked } = await openScripted(t, [forbidden]);
  const error = await t.throwsAsync(store.get('key'), { code: 'STORE_FAILED' });
  t.regex(error?.message ?? '', /get "key": SignatureDoesNotMatch: \*\*\* signed with \*\*\*$/);
  t.notRegex(JSON.stringify({ ...error, cause: error?.cause, stack: error?.stack }), /the-(access|secret)-key/);
  t.is(asked(), 1);
});

test('S3: a value that is longer than any may be is not read', async (t) => {
  const { store } = await openScripted(t, [endless]);
  const error = await t.throwsAsync(store.get('key'), { code: 'STORE_FAILED' });
  t.regex(error?.message ?? '', /expected a length of at most \d+ bytes, got 99999999999$/);
});
