import test from 'ava';
import type { CallResult } from '../client/run.ts';
import type { PheromoneError } from '../core/errors.ts';
import { putBundle } from '../store/bundles.ts';
import { openMemoryStore } from '../store/durable/memory-store.ts';
import { temporaryFolder } from '../store/durable/testing/folder.ts';
import { clusterOf, coordinatorMember, gatheringApp, nameOwnedBy, until } from './testing/cluster.ts';
import { fakeWorker, type Given } from './testing/fake-worker.ts';

const batch = (size: number) => gatheringApp({ name: 't', bucket: 'b', target: 'g', scope: 'app', primitive: 'by-batch-size', size });
const textOf = ({ outputs }: CallResult): string => Buffer.from(outputs[0]!.bytes).toString();

test('the outputs of what is fed reach the subscribers, with a trace where they want one', async (t) => {
  const worker = await fakeWorker(t, 'w');
  const { client } = await clusterOf(t, [worker]);
  await client.register(batch(2));
  const results: CallResult[] = [];
  await client.subscribe('x', { trace: true, onOutput: (result) => results.push(result) });
  await client.feed('x', 'f', Buffer.from('event'));
  await until(() => results.length === 1);
  t.is(textOf(results[0]!), 'event');
  t.is(results[0]!.spans.length, 1);
  t.like(worker.given[0]!.message, { type: 'call', answer: 'all', trace: true });
});

test('the failure of what is fed reaches the subscribers', async (t) => {
  const worker = await fakeWorker(t, 'w', { run: ({ fail }) => fail('FUNCTION_FAILED', 'it threw') });
  const { client } = await clusterOf(t, [worker]);
  await client.register(batch(2));
  const faults: PheromoneError[] = [];
  await client.subscribe('x', { onOutput: () => {}, onFault: (fault) => faults.push(fault) });
  await client.feed('x', 'f', Buffer.from('event'));
  await until(() => faults.length === 1);
  t.like(faults[0], { code: 'FUNCTION_FAILED', message: 'it threw' });
});

test('objects of several workers gather in one place, and each firing opens one session with them', async (t) => {
  const workers = await Promise.all(['v', 'w'].map((name) => fakeWorker(t, name)));
  const { client } = await clusterOf(t, workers);
  await client.register(batch(3));
  const results: string[] = [];
  await client.subscribe('x', { onOutput: (result) => results.push(textOf(result)) });
  for (let i = 0; i < 6; i++) {
    const worker = workers[i % 2]!;
    worker.object(10 + i, 'x', { key: `k${i}`, group: 'g', metadata: 'm' }, `<${i}>`);
    await until(() => worker.told('taken').some(({ id }) => id === 10 + i));
  }
  await until(() => results.length === 2);
  t.deepEqual(results.sort(), ['<0><1><2>', '<3><4><5>']);
  const opened = workers.flatMap(({ given }) => given);
  t.is(opened.length, 2);
  const first = opened.find(({ payload }) => payload.toString() === '<0><1><2>')!;
  t.like(first.message, { type: 'open', app: 'x', version: 1, fn: 'g' });
  t.deepEqual(
    first.message.type === 'open' && first.message.objects,
    [0, 1, 2].map((i) => ({ source: 'f', bucket: 'b', key: `k${i}`, group: 'g', metadata: 'm', size: 3 })),
  );
});

test('a window of time is over by the clock, not by the next object', async (t) => {
  const worker = await fakeWorker(t, 'w');
  const { client } = await clusterOf(t, [worker]);
  await client.register(gatheringApp({ name: 't', bucket: 'b', target: 'g', scope: 'app', primitive: 'by-time', windowMs: 30 }));
  worker.object(1, 'x', {}, 'a');
  await until(() => worker.given.length === 1);
  t.is(worker.given[0]!.payload.toString(), 'a');
});

test('a custom trigger of scope app may lie in a bundle', async (t) => {
  const worker = await fakeWorker(t, 'w');
  const [store, bundleFolder] = [openMemoryStore(), await temporaryFolder(t)];
  const bytes = Buffer.from('export const each = () => ({ onObject: (object) => [{ objects: [object] }] });');
  const id = await putBundle(store, [{ path: 'triggers.mjs', bytes }]);
  const inBundle = (id: string) => ({ primitive: 'custom', module: `bundle:${id}/triggers.mjs`, export: 'each' }) as const;
  const appWith = (id: string) => gatheringApp({ name: 't', bucket: 'b', target: 'g', scope: 'app', ...inBundle(id) });
  const { client } = await clusterOf(t, [worker], { bundleFolder }, store);
  const missing = { code: 'FUNCTION_LOAD_FAILED', message: /trigger "t": could not load bundle:0+\/triggers\.mjs: .*durable store/ };
  await t.throwsAsync(client.register(appWith('0'.repeat(64))), missing);
  await client.register(appWith(id));
  worker.object(1, 'x', {}, 'one');
  await until(() => worker.given.length === 1);
  t.is(worker.given[0]!.payload.toString(), 'one');
});

test('a session that a firing has opened runs again when its worker is lost, with the same objects', async (t) => {
  const dying = await fakeWorker(t, 'dying', { run: ({ worker }: Given) => void worker.kill() });
  const { client, see } = await clusterOf(t, [dying]);
  await client.register(batch(2));
  const results: string[] = [];
  await client.subscribe('x', { onOutput: (result) => results.push(textOf(result)) });
  dying.object(1, 'x', {}, 'a');
  dying.object(2, 'x', {}, 'b');
  await until(() => dying.given.length === 1);
  await see([await fakeWorker(t, 'other')]);
  await until(() => results.length === 1);
  t.deepEqual(results, ['ab']);
});

test('what a new owner could not be given is gathered on by whoever owns the app next', async (t) => {
  const worker = await fakeWorker(t, 'w');
  const { client, see } = await clusterOf(t, [worker]);
  const name = nameOwnedBy('d');
  await client.register({ ...batch(2), name });
  worker.object(1, name, {}, 'a');
  await until(() => worker.told('taken').length === 1);
  // Nobody listens at its port.
  await see([worker], [coordinatorMember('d')]);
  worker.object(2, name, {}, 'x');
  await until(() => worker.told('refusal').length === 1);
  t.is(worker.told('refusal')[0]?.code, 'DISCONNECTED');
  await see([worker]);
  worker.object(3, name, {}, 'b');
  await until(() => worker.given.length === 1);
  t.is(worker.given[0]!.payload.toString(), 'ab');
});

test('an object that the triggers do not take is refused with the reason', async (t) => {
  const worker = await fakeWorker(t, 'w');
  const { client } = await clusterOf(t, [worker]);
  await client.register(batch(2));
  worker.object(1, 'x', { bucket: 'nowhere' }, 'a');
  worker.object(2, 'x', {}, 'a', 9);
  worker.object(3, 'y', {}, 'a', 1);
  await until(() => worker.told('refusal').length === 3);
  const refusals = worker.told('refusal').toSorted((a, b) => a.id - b.id);
  t.deepEqual(
    refusals.map(({ code, message }) => [code, message]),
    [
      ['UNKNOWN_BUCKET', 'app "x": expected a bucket of the app, got "nowhere"'],
      ['UNKNOWN_APP', 'app "x": expected a version that has sessions, got 9'],
      ['UNKNOWN_APP', 'app "y": expected a version that has sessions, got 1'],
    ],
  );
});

test('a firing for which there is no room is told to the subscribers', async (t) => {
  const worker = await fakeWorker(t, 'w', { run: () => {} });
  const { client } = await clusterOf(t, [worker], { sessions: 1 });
  await client.register(batch(1));
  const faults: PheromoneError[] = [];
  await client.subscribe('x', { onOutput: () => {}, onFault: (fault) => faults.push(fault) });
  await client.feed('x', 'f', Buffer.from('event'));
  worker.object(1, 'x', {}, 'a');
  await until(() => faults.length === 1);
  t.is(faults[0]!.code, 'OVERLOADED');
});

test('an app that is replaced begins to gather anew, and its earlier sessions end as they began', async (t) => {
  const worker = await fakeWorker(t, 'w', { run: ({ message, answer }) => message.type === 'open' && answer() });
  const { client } = await clusterOf(t, [worker]);
  await client.register(batch(2));
  const results: string[] = [];
  await client.subscribe('x', { onOutput: (result) => results.push(textOf(result)) });
  await client.feed('x', 'f', Buffer.from('event'));
  await until(() => worker.given.length === 1);
  worker.object(1, 'x', {}, 'old', 1);
  await until(() => worker.told('taken').length === 1);
  await client.register(batch(2));
  worker.object(2, 'x', {}, 'new', 2);
  worker.object(3, 'x', {}, 'older', 1);
  await until(() => results.length === 1);
  t.deepEqual(results, ['oldolder']);
  worker.given[0]!.answer();
  await until(() => results.length === 2);
  worker.object(4, 'x', {}, 'oldest', 1);
  await until(() => worker.told('refusal').length === 1);
  worker.object(5, 'x', {}, 'er', 2);
  await until(() => results.length === 3);
  t.is(results[2], 'newer');
});
