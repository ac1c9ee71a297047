import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import type { Client } from '../client/client.ts';
import type { AppDefinition } from '../core/app.ts';
import { object } from '../core/testing/objects.ts';
import type { StartedSource, Trigger } from '../core/trigger.ts';
import { endsEmpty, INPUT, nodeOf, outcomeOf, textOf } from '../worker/testing/node.ts';
import { type QuorumConfig, quorum, quorumApp } from './quorum.ts';

/** The trigger alone, for session 1. */
function trigger(config: Partial<QuorumConfig> = {}): Required<Pick<Trigger, 'onSourceStarted' | 'onObject' | 'overdue' | 'dueMs'>> {
  const setup = { config: { votes: 2, timeoutMs: 100, reruns: 3, ...config }, session: 1, sources: ['replica'] };
  return quorum(setup) as ReturnType<typeof trigger>;
}

function start(key: string, invocation: number): StartedSource {
  return { session: 1, fn: 'replica', invocation, first: invocation, inputs: [object({ key })] };
}

test('the first two votes for the same answer decide, whoever disagreed before or agrees later', (t) => {
  const { onObject } = trigger();
  const [a, b, c] = [object({ group: 'a', key: 'x' }), object({ group: 'b', key: 'y' }), object({ group: 'c', key: 'x' })];
  t.deepEqual(onObject(a, 0), []);
  t.deepEqual(onObject(b, 0), []);
  t.deepEqual(onObject(c, 0), [{ objects: [a, c] }]);
  t.deepEqual(onObject(object({ group: 'd', key: 'x' }), 0), []);
});

test('a replica that votes twice has one vote', (t) => {
  const { onObject } = trigger();
  onObject(object({ group: 'a', key: 'x' }), 0);
  t.deepEqual(onObject(object({ group: 'a', key: 'x' }), 0), []);
});

test('a replica that stays silent is run again after the timeout, and once more after the next', (t) => {
  const { onSourceStarted, onObject, overdue, dueMs } = trigger();
  const [a, b, again] = [start('a', 0), start('b', 1), start('b', 2)];
  onSourceStarted(a, 0);
  onSourceStarted(b, 10);
  onObject(object({ group: 'a', key: 'x' }), 20);
  t.is(dueMs(), 110);
  t.deepEqual(overdue(110), [b]);
  t.is(dueMs(), undefined);
  onSourceStarted(again, 112);
  t.is(dueMs(), 212);
  t.deepEqual(overdue(212), [again]);
});

test('nobody is waited for any more once all is decided, or no run is left', (t) => {
  const decided = trigger({ votes: 1 });
  decided.onSourceStarted(start('a', 0), 0);
  decided.onSourceStarted(start('b', 1), 0);
  decided.onObject(object({ group: 'a', key: 'x' }), 1);
  decided.onSourceStarted(start('c', 2), 2);
  t.is(decided.dueMs(), undefined);
  const spent = trigger({ reruns: 0 });
  spent.onSourceStarted(start('a', 0), 0);
  t.deepEqual(spent.overdue(100), []);
  t.is(spent.dueMs(), undefined);
});

test('docs/custom-triggers.md shows the example as it is', async (t) => {
  const read = (path: string): Promise<string> => readFile(new URL(path, import.meta.url), 'utf8');
  const [page, source] = await Promise.all([read('../../docs/custom-triggers.md'), read('./quorum.ts')]);
  const excerpts = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, excerpt]) => excerpt ?? '');
  t.true(excerpts.length > 0);
  for (const excerpt of excerpts) t.true(source.includes(excerpt), excerpt);
});

const ANSWER = createHash('sha256').update(INPUT).digest('hex');

/** The app, with a replica that is faulty as its name says, and with another config of the trigger. */
function faultyApp(name: string, more: Partial<QuorumConfig> = {}): AppDefinition {
  const module = import.meta.resolve('./testing/faulty-replicas.ts');
  const { functions, buckets, triggers } = quorumApp;
  return {
    name: 'quorum',
    functions: functions.map((fn) => (fn.name === 'replica' ? { ...fn, module, export: name, sends: ['votes', 'seen'] } : fn)),
    buckets: [...buckets, { name: 'seen' }],
    triggers: triggers.map((each) => {
      return each.primitive === 'custom' ? { ...each, config: { votes: 2, timeoutMs: 20, reruns: 50, ...more } } : each;
    }),
  };
}

async function clientOf(t: ExecutionContext, app: AppDefinition): Promise<Client> {
  const { client } = await nodeOf(t);
  await client.register(app);
  return client;
}

test.serial('replicas that agree at once answer', async (t) => {
  const client = await clientOf(t, quorumApp);
  t.is(await textOf(client.call('quorum', 'ask', INPUT)), ANSWER);
  await endsEmpty(t, client);
});

test.serial('a replica that ends without a word is run again, with the same input, and its vote decides', async (t) => {
  const client = await clientOf(t, faultyApp('endsSilently'));
  t.is(await textOf(client.call('quorum', 'ask', INPUT)), ANSWER);
  await endsEmpty(t, client);
});

test.serial('a replica that hangs is run again beside itself, and the session ends with the vote', async (t) => {
  const client = await clientOf(t, faultyApp('hangs'));
  t.is(await textOf(client.call('quorum', 'ask', INPUT)), ANSWER);
  await endsEmpty(t, client);
});

test.serial('replicas that never answer are given up after as many runs as the config says', async (t) => {
  const client = await clientOf(t, faultyApp('neverAnswers', { reruns: 4 }));
  const { spans } = await client.call('quorum', 'ask', INPUT, { answer: 'all', trace: true });
  t.is(spans.filter(({ fn }) => fn === 'replica').length, 3 + 4);
  t.is(await outcomeOf(client.call('quorum', 'ask', INPUT)), 'NO_OUTPUT');
  await endsEmpty(t, client);
});

test.serial('a trigger that has its sources run again for ever fails the session with TOO_MANY_RERUNS', async (t) => {
  const client = await clientOf(t, faultyApp('neverAnswers', { timeoutMs: 1, reruns: Number.MAX_SAFE_INTEGER }));
  t.is(await outcomeOf(client.call('quorum', 'ask', INPUT, { answer: 'all' })), 'TOO_MANY_RERUNS');
  await endsEmpty(t, client);
});

test.serial('a session that only waits to run something again ends with its deadline, or when it is cancelled', async (t) => {
  const client = await clientOf(t, faultyApp('neverAnswers', { timeoutMs: 3_600_000 }));
  const cancelled = new AbortController();
  const calls = [{ deadlineMs: 50 }, { signal: cancelled.signal }].map((options) => {
    return outcomeOf(client.call('quorum', 'ask', INPUT, options));
  });
  t.is(await calls[0], 'DEADLINE_EXCEEDED');
  cancelled.abort();
  t.is(await calls[1], 'CANCELLED');
  await endsEmpty(t, client);
});
