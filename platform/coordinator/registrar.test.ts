import test from 'ava';
import type { AppDefinition } from '../core/app.ts';
import { app, fn } from '../core/testing/definitions.ts';
import { openMemoryStore } from '../store/durable/memory-store.ts';
import { clusterOf, coordinatorMember, nameOwnedBy, until } from './testing/cluster.ts';
import { type FakeOptions, fakeWorker } from './testing/fake-worker.ts';

const INPUT = Buffer.from('input');
/** Function f of this module. */
const appWith = (module: string): AppDefinition => app({ functions: [fn('f', { module }), fn('g')] });
const refusing = (module: string): FakeOptions => ({
  refuses: ({ functions }) =>
    functions[0]?.module === module ? { code: 'FUNCTION_LOAD_FAILED', message: `no module ${module}` } : undefined,
});
const moduleOf = (definition: AppDefinition | undefined): string | undefined => definition?.functions[0]?.module;

test('an app is registered once all workers have it, under versions that grow', async (t) => {
  const workers = await Promise.all(['v', 'w'].map((name) => fakeWorker(t, name)));
  const { client } = await clusterOf(t, workers);
  for (const version of [1, 2, 3]) {
    await client.register(appWith(`file:///${version}.js`));
    for (const worker of workers) {
      t.is(worker.version('x'), version);
      t.is(moduleOf(worker.definition('x')), `file:///${version}.js`);
    }
  }
});

test('an app that one worker refuses is taken back from the others', async (t) => {
  const workers = [await fakeWorker(t, 'fine'), await fakeWorker(t, 'refuses', refusing('file:///bad.js'))];
  const { client } = await clusterOf(t, workers);
  await t.throwsAsync(client.register(appWith('file:///bad.js')), { code: 'FUNCTION_LOAD_FAILED', message: 'no module file:///bad.js' });
  t.deepEqual(
    workers.map((worker) => worker.version('x')),
    [undefined, undefined],
  );
  await t.throwsAsync(client.call('x', 'f', INPUT), { code: 'UNKNOWN_APP' });
  await client.register(appWith('file:///good.js'));
  await client.call('x', 'f', INPUT);
});

test('an app that was refused does not come back with a worker that had it', async (t) => {
  const [fine, refuses] = [await fakeWorker(t, 'fine'), await fakeWorker(t, 'refuses', refusing('file:///bad.js'))];
  const { client, see } = await clusterOf(t, [fine, refuses]);
  await t.throwsAsync(client.register(appWith('file:///bad.js')), { code: 'FUNCTION_LOAD_FAILED' });
  const apps = [{ name: 'x', version: 1, definition: appWith('file:///bad.js') }];
  const away = await fakeWorker(t, 'away', { apps });
  await see([fine, refuses, away]);
  await until(() => away.version('x') === undefined);
  await t.throwsAsync(client.call('x', 'f', INPUT), { code: 'UNKNOWN_APP' });
});

test('where one worker refuses a replacement all go back to the app before, under a version that is higher still', async (t) => {
  const workers = [await fakeWorker(t, 'fine'), await fakeWorker(t, 'refuses', refusing('file:///bad.js'))];
  const { client } = await clusterOf(t, workers);
  await client.register(appWith('file:///good.js'));
  await t.throwsAsync(client.register(appWith('file:///bad.js')), { code: 'FUNCTION_LOAD_FAILED' });
  for (const worker of workers) {
    t.is(moduleOf(worker.definition('x')), 'file:///good.js');
    t.is(worker.version('x'), 3);
  }
  await Promise.all(Array.from({ length: 4 }, () => client.call('x', 'f', INPUT)));
  await client.register(appWith('file:///better.js'));
  t.deepEqual(
    workers.map((worker) => worker.version('x')),
    [4, 4],
  );
});

test('an app that cannot be stored is taken back, and one that cannot be removed stays', async (t) => {
  const worker = await fakeWorker(t, 'w');
  const store = openMemoryStore();
  const { client } = await clusterOf(t, [worker], {}, store);
  await client.register(appWith('file:///good.js'));
  await store.close();
  await t.throwsAsync(client.register(appWith('file:///better.js')), { message: /expected a store that is open/ });
  t.is(moduleOf(worker.definition('x')), 'file:///good.js');
  await t.throwsAsync(client.unregister('x'), { message: /expected a store that is open/ });
  await client.call('x', 'f', INPUT);
});

test('registrations of one name come one after the other, and the last one stands', async (t) => {
  const worker = await fakeWorker(t, 'w', refusing('file:///2.js'));
  const { client } = await clusterOf(t, [worker]);
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map((i) => client.register(appWith(`file:///${i}.js`))));
  t.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  t.is(moduleOf(worker.definition('x')), 'file:///4.js');
});

test('a worker that dies while an app is registered does not keep it from being registered', async (t) => {
  const [staying, dying] = await Promise.all([
    fakeWorker(t, 'staying'),
    fakeWorker(t, 'dying', { refuses: () => void dying.kill() as undefined }),
  ]);
  const { client } = await clusterOf(t, [staying, dying]);
  await client.register(app());
  t.is(staying.version('x'), 1);
  await client.call('x', 'f', INPUT);
});

test('a worker that comes later has the app before it has a call', async (t) => {
  const first = await fakeWorker(t, 'first');
  const { client, see } = await clusterOf(t, [first]);
  await client.register(app());
  const heardBefore: number[] = [];
  const late = await fakeWorker(t, 'late', {
    run: ({ answer, worker }) => {
      heardBefore.push(worker.version('x') ?? 0);
      answer();
    },
  });
  await see([first, late]);
  await until(() => late.version('x') === 1);
  await Promise.all(Array.from({ length: 4 }, () => client.call('x', 'f', INPUT)));
  t.deepEqual(heardBefore, [1, 1]);
});

test('a worker that comes later and refuses the app is left out', async (t) => {
  const first = await fakeWorker(t, 'first');
  const { client, see } = await clusterOf(t, [first]);
  await client.register(appWith('file:///m.js'));
  const late = await fakeWorker(t, 'late', refusing('file:///m.js'));
  await see([first, late]);
  await until(() => late.told('install').length > 0);
  await Promise.all(Array.from({ length: 4 }, () => client.call('x', 'f', INPUT)));
  t.is(late.given.length, 0);
});

test('a coordinator learns from the workers which apps there are, and brings the highest version to all', async (t) => {
  const known = (version: number) => [{ name: 'x', version, definition: appWith(`file:///${version}.js`) }];
  const workers = [
    await fakeWorker(t, 'old', { apps: known(4) }),
    await fakeWorker(t, 'new', { apps: known(7) }),
    await fakeWorker(t, 'none'),
  ];
  const { client } = await clusterOf(t, workers);
  await client.call('x', 'f', INPUT);
  await until(() => workers.every((worker) => worker.version('x') === 7));
  t.true(workers.every((worker) => moduleOf(worker.definition('x')) === 'file:///7.js'));
  await client.register(app());
  t.is(workers[0]!.version('x'), 8);
});

test("an app of another coordinator is refused with its name, and served once it is this one's", async (t) => {
  const name = nameOwnedBy('d');
  const definition = app({ name });
  const worker = await fakeWorker(t, 'w');
  const { client, see } = await clusterOf(t, [worker]);
  await see([worker], [coordinatorMember('d')]);
  const refused = { code: 'WRONG_COORDINATOR', message: `app "${name}": expected its coordinator "d" to be asked, not "c"` };
  await t.throwsAsync(client.register(definition), refused);
  await t.throwsAsync(client.call(name, 'f', INPUT), refused);
  await t.throwsAsync(client.unregister(name), refused);
  await t.throwsAsync(client.subscribe(name, { onOutput: () => {} }), refused);
  // As a worker tells that another coordinator has installed it.
  worker.tell({ type: 'apps', apps: [{ name, version: 3, definition }] });
  await see([worker], [coordinatorMember('d', { draining: true })]);
  await until(() => worker.told('install').length === 0);
  await client.call(name, 'f', INPUT);
  t.deepEqual((await client.status()).apps, [name]);
});

test('an app that was taken back does not come back with a worker that was away', async (t) => {
  const [here, away] = await Promise.all([fakeWorker(t, 'here'), fakeWorker(t, 'away')]);
  const { client, see } = await clusterOf(t, [here, away]);
  await client.register(app());
  await see([here]);
  await client.unregister('x');
  t.is(here.version('x'), undefined);
  t.is(away.version('x'), 1);
  await see([here, away]);
  await until(() => away.version('x') === undefined);
  await t.throwsAsync(client.call('x', 'f', INPUT), { code: 'UNKNOWN_APP' });
  await client.register(app());
  t.is(away.version('x'), 2);
});

test('an app that another coordinator has taken back is forgotten', async (t) => {
  const name = nameOwnedBy('d');
  const worker = await fakeWorker(t, 'w', { apps: [{ name, version: 1, definition: app({ name }) }] });
  const { client, see } = await clusterOf(t, [worker]);
  await see([worker], [coordinatorMember('d')]);
  worker.tell({ type: 'apps', apps: [] });
  await client.register(app({ name: nameOwnedBy('c') }));
  await see([worker]);
  await t.throwsAsync(client.call(name, 'f', INPUT), { code: 'UNKNOWN_APP' });
});

test('calls that wait for a worker are cancelled when their app is taken back', async (t) => {
  const { client } = await clusterOf(t, []);
  await client.register(app());
  const call = client.call('x', 'f', INPUT);
  await client.unregister('x');
  await t.throwsAsync(call, { code: 'CANCELLED', message: /expected app "x" to stay/ });
});
