import { randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { requirement, testNeeding } from '../../../scripts/requirements.ts';
import type { DurableStore } from './durable-store.ts';
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

test('S3: an endpoint that is none is refused without repeating it', async (t) => {
  const rest = { bucket: 'bucket', accessKey: 'a', secretKey: 's' };
  for (const endpoint of ['', 'localhost:9000', 'ftp://127.0.0.1', 'http://127.0.0.1/bucket', 'http://user:password@127.0.0.1:9000']) {
    const error = await t.throwsAsync(openS3Store({ ...rest, endpoint }), { code: 'INVALID_ARGUMENT' });
    t.regex(error?.message ?? '', /^S3 store: expected an endpoint of the form http:/);
    t.notRegex(error?.message ?? '', /password/);
  }
  await t.throwsAsync(openS3Store({ ...rest, endpoint: 'http://127.0.0.1:9', partBytes: 1 }), { code: 'INVALID_ARGUMENT' });
});
