import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connectClient } from '../client/client.ts';
import type { View } from '../core/membership.ts';
import { app, fn } from '../core/testing/definitions.ts';
import { startManager } from '../manager/manager.ts';
import { joinCluster } from '../member/membership.ts';
import { startCoordinator } from './process.ts';
import { gatheringApp, nameOwnedBy, until } from './testing/cluster.ts';
import { type FakeOptions, type FakeWorker, fakeWorker } from './testing/fake-worker.ts';

const INPUT = Buffer.from('input');
const batchOf = (size: number) => gatheringApp({ name: 't', bucket: 'b', target: 'g', scope: 'app', primitive: 'by-batch-size', size });

interface TestManager {
  /** As coordinators are told it. */
  readonly address: string;
  view(): View;
  /** Starts a worker that is a member. */
  worker(name: string, options?: FakeOptions): Promise<FakeWorker>;
}

/** A manager, gone when the test is over. */
async function managerOf(t: ExecutionContext): Promise<TestManager> {
  const manager = await startManager({});
  t.teardown(() => manager.stop());
  const { port } = manager;
  return {
    address: `127.0.0.1:${port}`,
    view: () => manager.view,
    async worker(name, options) {
      const worker = await fakeWorker(t, name, options);
      const { incarnation: _, ...self } = worker.member;
      const membership = await joinCluster({ manager: { host: '127.0.0.1', port }, self });
      t.teardown(() => membership.close());
      return worker;
    },
  };
}

async function clientOf(t: ExecutionContext, port: number) {
  const client = await connectClient({ host: '127.0.0.1', port });
  t.teardown(() => client.close());
  return client;
}

test('a coordinator becomes a member, serves clients, ends what it has begun, and leaves', async (t) => {
  const manager = await managerOf(t);
  const worker = await manager.worker('w', { run: () => {} });
  const coordinator = await startCoordinator({ name: 'c', manager: manager.address });
  t.teardown(() => coordinator.stop());
  await until(() => manager.view().members.some(({ name, port }) => name === 'c' && port === coordinator.port));
  const client = await clientOf(t, coordinator.port);
  await client.register(app());
  const call = client.call('x', 'f', INPUT);
  await until(() => worker.given.length === 1);

  const stopped = coordinator.stop();
  await until(() => manager.view().members.some(({ name, draining }) => name === 'c' && draining));
  await t.throwsAsync(client.call('x', 'f', INPUT), { code: 'OVERLOADED' });
  worker.given[0]!.answer();
  t.true(INPUT.equals((await call).outputs[0]!.bytes));
  await stopped;
  await until(() => manager.view().members.every(({ name }) => name !== 'c'));
  await t.throwsAsync(client.call('x', 'f', INPUT), { code: 'WRONG_COORDINATOR', message: /"c" has left the cluster/ });
});

test('sessions that do not end in time do not keep a coordinator', async (t) => {
  const manager = await managerOf(t);
  const worker = await manager.worker('w', { run: () => {} });
  const coordinator = await startCoordinator({ name: 'c', manager: manager.address, drainMs: 10 });
  const client = await clientOf(t, coordinator.port);
  await client.register(app());
  const call = client.call('x', 'f', INPUT);
  await until(() => worker.given.length === 1);
  await coordinator.stop();
  await t.throwsAsync(call, { code: 'DISCONNECTED' });
});

test('a coordinator that comes takes over what is its own, and gives it back when it goes', async (t) => {
  const manager = await managerOf(t);
  await manager.worker('w');
  const first = await startCoordinator({ name: 'c', manager: manager.address });
  t.teardown(() => first.stop());
  const name = nameOwnedBy('d');
  const [old, definition] = [await clientOf(t, first.port), app({ name })];
  await old.register(definition);

  const second = await startCoordinator({ name: 'd', manager: manager.address });
  t.teardown(() => second.stop());
  const fresh = await clientOf(t, second.port);
  await fresh.call(name, 'f', INPUT);
  await until(async () => !(await old.status()).apps.includes(name));
  await t.throwsAsync(old.call(name, 'f', INPUT), { code: 'WRONG_COORDINATOR', message: /"d"/ });
  await fresh.register(definition);

  await second.stop();
  await until(async () => (await old.status()).apps.includes(name));
  await old.call(name, 'f', INPUT);
});

test('what triggers of scope app hold goes with the app to another coordinator, as it comes and as it goes', async (t) => {
  const manager = await managerOf(t);
  const worker = await manager.worker('w');
  const first = await startCoordinator({ name: 'c', manager: manager.address });
  t.teardown(() => first.stop());
  const name = nameOwnedBy('d');
  const [old, definition] = [await clientOf(t, first.port), { ...batchOf(4), name }];
  await old.register(definition);
  const send = async (id: number, to: string): Promise<void> => {
    worker.object(id, name, { key: `k${id}` }, `<${id}>`, 1, to);
    await until(() => worker.told('taken').some((taken) => taken.id === id));
  };
  await send(1, 'c');
  await send(2, 'c');

  const second = await startCoordinator({ name: 'd', manager: manager.address });
  t.teardown(() => second.stop());
  await until(async () => !(await old.status()).apps.includes(name));
  // Of a worker that does not know yet.
  await send(3, 'c');
  t.deepEqual(worker.given, []);

  await second.stop();
  await until(async () => (await old.status()).apps.includes(name));
  const results: string[] = [];
  await old.subscribe(name, { onOutput: ({ outputs }) => results.push(Buffer.from(outputs[0]!.bytes).toString()) });
  await send(4, 'c');
  await until(() => results.length === 1);
  t.deepEqual(results, ['<1><2><3><4>']);
});

test('apps outlive all processes in the durable store, unless they were taken back', async (t) => {
  const manager = await managerOf(t);
  const folder = await mkdtemp(join(tmpdir(), 'coordinator-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const start = () => startCoordinator({ name: 'c', manager: manager.address }, {}, { kind: 'disk', path: folder });
  const before = await start();
  t.teardown(() => before.stop());
  const client = await clientOf(t, before.port);
  for (const name of ['kept', 'back', '../..'])
    await client.register(app({ name, functions: [fn('f', { config: new Map([[1, 2]]) }), fn('g')] }));
  await client.unregister('back');
  await before.stop();

  const worker = await manager.worker('w');
  const after = await start();
  t.teardown(() => after.stop());
  const again = await clientOf(t, after.port);
  t.deepEqual((await again.status()).apps.toSorted(), ['../..', 'kept']);
  await again.call('kept', 'f', INPUT);
  t.deepEqual(worker.definition('kept')?.functions[0]?.config, new Map([[1, 2]]));
});

test('a coordinator that finds no manager, or has the name of another, does not come up', async (t) => {
  await t.throwsAsync(() => startCoordinator({ name: 'c', manager: 'nowhere' }), { instanceOf: RangeError, message: /expected host:port/ });
  const manager = await managerOf(t);
  const coordinator = await startCoordinator({ name: 'c', manager: manager.address });
  t.teardown(() => coordinator.stop());
  await t.throwsAsync(startCoordinator({ name: 'c', manager: manager.address }), {
    code: 'INVALID_ARGUMENT',
    message: /that no living member has/,
  });
});
