import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { Client } from '../client/client.ts';
import { appOf, endsEmpty, fn, INPUT, nodeOf, outcomeOf, statusOnce, textOf } from './testing/node.ts';

/** Where a function says how it is; the words come in the order in which they are said. */
async function listenerOf(t: ExecutionContext): Promise<{ input: Buffer; hear: () => Promise<string> }> {
  const words: string[] = [];
  let heard = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    socket.on('data', (word: Buffer) => {
      words.push(`${word}`);
      heard.resolve();
      heard = Promise.withResolvers();
    });
    socket.on('end', () => socket.end());
    // A thread that ends resets what it has open.
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return {
    input: Buffer.from(`${(server.address() as AddressInfo).port}`),
    async hear() {
      while (words.length === 0) await heard.promise;
      return words.shift() as string;
    },
  };
}

const life = (name: string, more = {}) => fn('life-bodies', name, more);

async function watched(
  t: ExecutionContext,
  more = {},
): Promise<{ client: Client; hear: () => Promise<string>; input: Buffer; connect: () => Promise<Client> }> {
  const { client, connect } = await nodeOf(t);
  await client.register(appOf('life', [life('watchesSignal', { timeoutMs: 60_000, ...more }), life('echo')]));
  return { client, connect, ...(await listenerOf(t)) };
}

test.serial('a call that is cancelled fires the signal of its body and leaves nothing behind', async (t) => {
  const { client, hear, input } = await watched(t);
  const run = client.start('life', 'watchesSignal', input);
  t.is(await hear(), 'started');
  run.cancel();
  t.is(await outcomeOf(run.result), 'CANCELLED');
  t.is(await hear(), 'CANCELLED');
  await endsEmpty(t, client);
});

test.serial('a call whose deadline passes fires the signal of its body and leaves nothing behind', async (t) => {
  const { client, hear, input } = await watched(t);
  const call = client.call('life', 'watchesSignal', input, { deadlineMs: 200 });
  t.is(await outcomeOf(call), 'DEADLINE_EXCEEDED');
  t.deepEqual([await hear(), await hear()], ['started', 'CANCELLED']);
  await endsEmpty(t, client);
});

test.serial('a function that takes longer than its timeout has its signal fired', async (t) => {
  const { client, hear, input } = await watched(t, { timeoutMs: 200 });
  t.is(await outcomeOf(client.call('life', 'watchesSignal', input)), 'FUNCTION_TIMED_OUT');
  t.deepEqual([await hear(), await hear()], ['started', 'CANCELLED']);
  await endsEmpty(t, client);
});

test.serial('a client that goes away in the middle of a call has it cancelled', async (t) => {
  const { client, connect, hear, input } = await watched(t);
  const other = await connect();
  const call = outcomeOf(other.call('life', 'watchesSignal', input));
  t.is(await hear(), 'started');
  await other.close();
  t.is(await call, 'CANCELLED');
  t.is(await hear(), 'CANCELLED');
  await endsEmpty(t, client);
  t.is(await textOf(client.call('life', 'echo', INPUT)), 'input');
});

test.serial('an app that is unregistered takes its calls with it', async (t) => {
  const { client, hear, input } = await watched(t);
  const call = outcomeOf(client.call('life', 'watchesSignal', input));
  t.is(await hear(), 'started');
  await client.unregister('life');
  t.is(await call, 'CANCELLED');
  t.is(await outcomeOf(client.call('life', 'echo', INPUT)), 'UNKNOWN_APP');
  await endsEmpty(t, client);
});

test.serial('the first answer ends what else runs in the session', async (t) => {
  const { client, hear, input } = await watched(t);
  const functions = [life('answersOnceBegun'), life('beginsAndWatches')];
  const start = { name: 'start', primitive: 'immediate', target: 'beginsAndWatches' } as const;
  const begun = { name: 'begun', primitive: 'by-name', key: 'no', target: 'beginsAndWatches' } as const;
  await client.register(appOf('first', functions, [start, begun]));
  t.is(await textOf(client.call('first', 'answersOnceBegun', input)), 'answer');
  t.deepEqual([await hear(), await hear()], ['started', 'CANCELLED']);
  await endsEmpty(t, client);
});

for (const concurrency of [1, 3]) {
  test.serial(
    `an executor has ${concurrency} bodies of a function under way at once where ${concurrency} are allowed, also while it is fresh`,
    async (t) => {
      const { client } = await nodeOf(t, { executors: 1 });
      await client.register(appOf('life', [life('counted', { concurrency }), fn('fault-bodies', 'exits'), life('echo')]));
      for (let round = 0; round < 2; round++) {
        const calls = Array.from({ length: 12 }, () => textOf(client.call('life', 'counted', INPUT)));
        const most = await Promise.all(calls);
        t.is(Math.max(...most.map(Number)), concurrency);
        // The second round finds a thread that has loaded nothing yet.
        t.is(await outcomeOf(client.call('life', 'exits', INPUT)), 'EXECUTOR_DIED');
      }
      await endsEmpty(t, client);
    },
  );
}

test.serial('a timeout is kept by a thread that never rests', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(
    appOf('life', [life('onAndOn', { concurrency: 8 }), fn('fault-bodies', 'neverSettles', { concurrency: 8, timeoutMs: 100 })]),
  );
  const busy = client.start('life', 'onAndOn', INPUT);
  t.is(await outcomeOf(client.call('life', 'neverSettles', INPUT)), 'FUNCTION_TIMED_OUT');
  busy.cancel();
  await endsEmpty(t, client);
});

test.serial('an app can be registered while the only executor hangs, and is replaced', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(appOf('hangs', [fn('fault-bodies', 'spins', { timeoutMs: 200 })]));
  const hanging = outcomeOf(client.call('hangs', 'spins', INPUT));
  await statusOnce(client, ({ executors }) => executors.some(({ state }) => state === 'busy'));
  await client.register(appOf('life', [life('echo')]));
  t.is(await textOf(client.call('life', 'echo', INPUT)), 'input');
  t.is(await hanging, 'FUNCTION_TIMED_OUT');
});

test.serial('an app that ends every thread that loads it is refused, and the node goes on', async (t) => {
  const { client } = await nodeOf(t, { executors: 2 });
  await client.register(appOf('life', [life('echo')]));
  const deadly = { ...life('echo'), module: 'data:text/javascript,process.exit(1)' };
  t.is(await outcomeOf(client.register(appOf('deadly', [deadly]))), 'EXECUTOR_DIED');
  t.is(await textOf(client.call('life', 'echo', INPUT)), 'input');
  t.is(await outcomeOf(client.call('deadly', 'echo', INPUT)), 'UNKNOWN_APP');
});

test.serial(
  'an app that is registered again serves the calls that come from then on, and the earlier ones end as they began',
  async (t) => {
    const { client } = await nodeOf(t);
    const named = (body: string) => appOf('life', [{ ...fn('fault-bodies', body), name: 'f' }]);
    await client.register(named('echoMuchLater'));
    const before = Array.from({ length: 5 }, () => textOf(client.call('life', 'f', INPUT)));
    await client.register(named('sendsNowhere'));
    t.is(await outcomeOf(client.call('life', 'f', INPUT)), 'INVALID_ARGUMENT');
    t.deepEqual(new Set(await Promise.all(before)), new Set(['input']));
    await endsEmpty(t, client);
  },
);
