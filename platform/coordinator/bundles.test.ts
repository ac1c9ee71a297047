import test from 'ava';
import { PheromoneError } from '../core/errors.ts';
import { passBundle } from './bundles.ts';
import { clusterOf, until } from './testing/cluster.ts';
import { fakeWorker } from './testing/fake-worker.ts';

const FILES = [{ path: 'index.mjs', bytes: Buffer.from('code') }];

test('a bundle goes to a worker, whose answer is the client’s', async (t) => {
  const worker = await fakeWorker(t, 'w');
  const { client } = await clusterOf(t, [worker]);
  const [stored, refused] = [client.uploadBundle(FILES), client.uploadBundle(FILES)];
  await until(() => worker.told('put-bundle').length === 2);
  const [first, second] = worker.told('put-bundle');
  worker.tell({ type: 'bundle-stored', id: first!.id, bundle: 'its id' });
  worker.tell({ type: 'failed', id: second!.id, code: 'STORE_FAILED', message: 'no space' });
  t.is(await stored, 'its id');
  await t.throwsAsync(refused, { code: 'STORE_FAILED', message: 'no space' });
});

test('a worker that dies with a bundle is told to the client, who may try again', async (t) => {
  const worker = await fakeWorker(t, 'w');
  const { client } = await clusterOf(t, [worker]);
  const lost = client.uploadBundle(FILES);
  await until(() => worker.told('put-bundle').length === 1);
  worker.cutOff();
  const error = await t.throwsAsync(lost, { instanceOf: PheromoneError });
  t.true(error.retryable);
});

test('a worker that drains is not asked, and where there is no other the bundle has no node', async (t) => {
  const draining = { name: 'v', isDraining: true, link: {} };
  const link = { ask: async () => ({ type: 'bundle-stored', id: 1, bundle: 'its id' }) };
  type Workers = Parameters<typeof passBundle>[0];
  const workersOf = (...ready: readonly object[]) => ({ ready: () => ready }) as unknown as Workers;
  t.is(await passBundle(workersOf(draining, { name: 'w', isDraining: false, link }), new Uint8Array(1)), 'its id');
  for (const workers of [workersOf(draining), workersOf()]) {
    await t.throwsAsync(passBundle(workers, new Uint8Array(1)), { code: 'NO_NODE' });
  }
});
