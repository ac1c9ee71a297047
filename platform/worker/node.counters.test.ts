import test from 'ava';
import { COUNTERS } from '../wire/counters.ts';
import { appOf, endsEmpty, fn, INPUT, nodeOf, outcomeOf, statusOnce } from './testing/node.ts';

test('a node counts its sessions, the invocations that wait, run and run again, and the executors that it lost', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  const { counters: none } = await client.status();
  for (const name of Object.keys(COUNTERS) as (keyof typeof COUNTERS)[]) t.is(none[name], 0, name);
  const names = ['echo', 'throwsError', 'exits'];
  await client.register(
    appOf(
      'counted',
      names.map((name) => fn('fault-bodies', name)),
      [],
      { recovery: { level: 'function', attempts: 2 } },
    ),
  );
  t.is(await outcomeOf(client.call('counted', 'echo', INPUT)), 'ok');
  t.is(await outcomeOf(client.call('counted', 'throwsError', INPUT)), 'FUNCTION_FAILED');
  t.is(await outcomeOf(client.call('counted', 'exits', INPUT)), 'EXECUTOR_DIED');
  const { counters } = await statusOnce(client, (status) => status.sessions === 0);
  t.deepEqual(
    { waiting: counters.waiting, underWay: counters.underWay, sessions: counters.sessionsTotal, failed: counters.failedTotal },
    { waiting: 0, underWay: 0, sessions: 3, failed: 2 },
  );
  t.deepEqual({ reruns: counters.rerunsTotal, lost: counters.executorsLostTotal }, { reruns: 1, lost: 2 });
  t.is(counters.queuedTotal, 4);
  await endsEmpty(t, client);
});

test('what waits for an executor is told apart from what is under way', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(appOf('slow', [fn('fault-bodies', 'echoMuchLater')]));
  const calls = Array.from({ length: 5 }, () => client.call('slow', 'echoMuchLater', INPUT));
  const { counters } = await statusOnce(client, (status) => status.counters.underWay === 5 && status.counters.waiting === 4);
  t.like(counters, { underWay: 5, waiting: 4 });
  await Promise.all(calls);
});
