import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { requirement, testNeeding } from '../../../scripts/requirements.ts';
import type { DurableStore } from './durable-store.ts';
import { STORE_LIMITS } from './limits.ts';
import { openS3Store, type S3Config } from './s3-store.ts';
import { keysOf, type OpenStore, testDurableStore, testValues } from './testing/conformance.ts';
import { type S3Server, startMinio, startS3rver } from './testing/s3-server.ts';
import { bytesOf } from './testing/values.ts';

const MIB = 1_048_576;
const minio = requirement('minio');
if (minio !== undefined) testServer('MinIO', () => startMinio(minio), testDurableStore, 5 * MIB);
testServer('s3rver', startS3rver, testValues, 64 * MIB); // it takes no values in parts, and mixes concurrent puts to one key

type Declare = (name: string, open: OpenStore) => void;

function testServer(name: string, start: () => Promise<S3Server>, declare: Declare, partBytes: number): void {
  let server: S3Server | undefined;
  test.before(`${name} starts`, async () => {
    server = await start();
  });
  test.after.always(`${name} stops`, () => server?.stop());
  declare(name, (t) => openBucket(t, { ...(server as S3Server), bucket: randomUUID(), partBytes }));
}

async function openBucket(t: ExecutionContext, config: S3Config): Promise<DurableStore> {
  const store = await openS3Store(config);
  t.teardown(() => store.close());
  return store;
}

testNeeding('minio', 'MinIO: values in parts that several put at the same time do not mix', async (t, binary) => {
  const server = await startMinio(binary);
  t.teardown(() => server.stop());
  const config = { ...server, bucket: 'parts', partBytes: 5 * MIB };
  const stores = await Promise.all([1, 2, 3].map(() => openBucket(t, config))); // all three find that there is no bucket
  await Promise.all(stores.map((store, i) => store.put('value', bytesOf(11 * MIB + i, i))));
  const value = (await stores[0]?.get('value')) as Uint8Array;
  t.is(Buffer.compare(value, bytesOf(value.length, value.length - 11 * MIB)), 0);
  t.deepEqual(await keysOf(stores[0] as DurableStore, ''), ['value']);
});

testNeeding('minio', 'MinIO: a wrong secret is refused at once, and the message names neither key nor secret', async (t, binary) => {
  const server = await startMinio(binary);
  t.teardown(() => server.stop());
  const error = await t.throwsAsync(openS3Store({ ...server, bucket: 'bucket', secretKey: 'not-the-secret' }), { code: 'STORE_FAILED' });
  t.regex(error?.message ?? '', /^S3 store 127\.0\.0\.1:\d+\/bucket: could not open it: AccessDenied/);
  t.notRegex(error?.message ?? '', /access-of-tests|not-the-secret|attempts/);
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

interface Scripted {
  readonly store: DurableStore;
  /** How many requests have come. */
  readonly asked: () => number;
}

/** A store whose server has the bucket, and answers what comes then with one answer after the other, the last one for good. */
async function openScripted(t: ExecutionContext, answers: readonly Answer[], idleMs: number = STORE_LIMITS.idleMs): Promise<Scripted> {
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.method === 'HEAD') return void response.end();
    request.resume();
    answers[Math.min(asked++, answers.length - 1)]?.(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKey: 'the-access-key', secretKey: 'the-secret-key' };
  const store = await openBucket(t, { endpoint: `http://127.0.0.1:${port}`, bucket: 'bucket', ...credentials, idleMs });
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
  const { store } = await openScripted(t, [silent, half, value], 1_000);
  t.is(String(Buffer.from((await store.get('key')) as Uint8Array)), 'value');
});

test('S3: a server that never does what it should is given up after a bounded number of attempts', async (t) => {
  for (const [answer, words] of [
    [overloaded, 'the server answered with status 503'],
    [silent, 'no sign of the server for 1000 ms'],
  ] as const) {
    const { store, asked } = await openScripted(t, [answer], 1_000);
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

test('S3: an endpoint that is none is refused without repeating it', async (t) => {
  const rest = { bucket: 'bucket', accessKey: 'a', secretKey: 's' };
  for (const endpoint of ['', 'localhost:9000', 'ftp://127.0.0.1', 'http://127.0.0.1/bucket', 'http://user:password@127.0.0.1:9000']) {
    const error = await t.throwsAsync(openS3Store({ ...rest, endpoint }), { code: 'INVALID_ARGUMENT' });
    t.regex(error?.message ?? '', /^S3 store: expected an endpoint of the form http:/);
    t.notRegex(error?.message ?? '', /password/);
  }
  await t.throwsAsync(openS3Store({ ...rest, endpoint: 'http://127.0.0.1:9', partBytes: 1 }), { code: 'INVALID_ARGUMENT' });
});
