import test from 'ava';
import type { AppDefinition } from '../core/app.ts';
import { spawnRole } from '../launch/spawn.ts';
import { countersOf } from '../wire/counters.ts';
import type { Register } from '../wire/messages.ts';
import { connectClient } from './client.ts';
import { app, type Behaviour, clientOf, echoing, failsWith } from './testing.ts';

/** A node that takes every definition that does not name a bucket `forbidden`, and the definitions it took. */
function registry(): { taken: AppDefinition[]; behave: Behaviour } {
  const taken: AppDefinition[] = [];
  const refuses = ({ app }: Register): boolean => app.buckets.some(({ name }) => name === 'forbidden');
  return {
    taken,
    behave(message, _, connection) {
      if (message.type === 'register' && refuses(message)) {
        connection.send({ type: 'failed', id: message.id, code: 'INVALID_APP', message: 'no such bucket here' });
      } else if (message.type === 'register' || message.type === 'unregister') {
        if (message.type === 'register') taken.push(message.app);
        connection.send({ type: 'done', id: message.id });
      }
    },
  };
}

test('an app is registered as it is defined, data of its functions included', async (t) => {
  const { taken, behave } = registry();
  const client = await clientOf(t, behave);
  await client.register(app);
  t.deepEqual(taken, [app]);
});

test('buckets and triggers are added and deleted one after the other, also when asked for at once', async (t) => {
  const { taken, behave } = registry();
  const client = await clientOf(t, behave);
  const trigger = { primitive: 'by-name', key: 'k', name: 'u', bucket: 'c', target: 'f' } as const;
  await Promise.all([
    client.register(app),
    client.createBucket('a', { name: 'c' }),
    client.addTrigger('a', trigger),
    client.deleteTrigger('a', 't'),
    client.deleteBucket('a', 'b'),
  ]);
  const both = [{ name: 'b' }, { name: 'c' }];
  t.deepEqual(taken, [
    app,
    { ...app, buckets: both },
    { ...app, buckets: both, triggers: [...app.triggers, trigger] },
    { ...app, buckets: both, triggers: [trigger] },
    { ...app, buckets: [{ name: 'c' }], triggers: [trigger] },
  ]);
});

test('deleting a bucket deletes its triggers', async (t) => {
  const { taken, behave } = registry();
  const client = await clientOf(t, behave);
  await client.register(app);
  await client.deleteBucket('a', 'b');
  t.deepEqual(taken.at(-1), { ...app, buckets: [], triggers: [] });
});

test('an edit that is refused leaves the definition as it was', async (t) => {
  const { taken, behave } = registry();
  const client = await clientOf(t, behave);
  await client.register(app);
  await failsWith(t, client.createBucket('a', { name: 'forbidden' }), 'INVALID_APP', /no such bucket here/);
  await failsWith(t, client.deleteBucket('a', 'x'), 'UNKNOWN_BUCKET', /^app a: expected a bucket x to delete$/);
  await failsWith(t, client.deleteTrigger('a', 'x'), 'INVALID_ARGUMENT', /^app a: expected a trigger x to delete$/);
  await client.createBucket('a', { name: 'c' });
  t.deepEqual(taken.at(-1), { ...app, buckets: [{ name: 'b' }, { name: 'c' }] });
});

test('only an app that this client has registered can be edited', async (t) => {
  const { behave } = registry();
  const client = await clientOf(t, behave);
  await failsWith(t, client.createBucket('a', { name: 'c' }), 'UNKNOWN_APP', /^app a: expected one that this client has registered$/);
  await client.register(app);
  await client.unregister('a');
  await failsWith(t, client.createBucket('a', { name: 'c' }), 'UNKNOWN_APP', /registered/);
});

test('the status is handed on as the node gives it', async (t) => {
  const status = {
    sessions: 3,
    executors: [{ index: 0, state: 'busy' as const }],
    memory: { usedBytes: 5, arenaBytes: 16 * 2 ** 30 },
    counters: countersOf(({ length }) => length),
    apps: ['a'],
  };
  const client = await clientOf(t, (message, _, connection) => {
    if (message.type === 'status') connection.send({ type: 'status', id: message.id, ...status });
  });
  t.deepEqual(await client.status(), status);
});

test('an answer of the wrong type rejects its request', async (t) => {
  const client = await clientOf(t, (message, _, connection) => {
    if (message.type !== 'cancel') connection.send({ type: 'done', id: message.id });
  });
  await failsWith(t, client.call('a', 'f', new Uint8Array(1)), 'BAD_MESSAGE', /^node: expected result, got done$/);
  await failsWith(t, client.status(), 'BAD_MESSAGE', /^node: expected status, got done$/);
});

test('a node that does not answer a request in time is given up for that request, and for no other', async (t) => {
  const client = await clientOf(t, echoing, { requestTimeoutMs: 1 });
  await failsWith(t, client.register(app), 'DEADLINE_EXCEEDED', /^register 1: expected an answer within 1 ms, got none$/);
  await failsWith(t, client.status(), 'DEADLINE_EXCEEDED', /^status 2: expected an answer within 1 ms, got none$/);
  await failsWith(t, client.unregister('a'), 'DEADLINE_EXCEEDED', /^unregister 3: expected an answer within 1 ms, got none$/);
  t.is((await client.call('a', 'f', new Uint8Array(1))).outputs.length, 1);
});

test('a node that stands still is noticed while something is awaited from it', async (t) => {
  const { port, pid, stop } = await spawnRole('worker', { executors: 1, arenaBytes: 2 ** 26 });
  t.teardown(() => {
    process.kill(pid, 'SIGCONT');
    return stop();
  });
  const client = await connectClient({ host: '127.0.0.1', port, silenceMs: 300 });
  t.teardown(() => client.close());
  await client.status();
  process.kill(pid, 'SIGSTOP');
  const call = client.call('a', 'f', new Uint8Array(1));
  await failsWith(t, call, 'DISCONNECTED', /expected a sign of life within 300 ms, got none$/);
  await failsWith(t, client.status(), 'DISCONNECTED', /expected a sign of life/);
});
