import test from 'ava';
import { connectClient } from '../../client/client.ts';
import { appOf } from '../testing/node.ts';
import { smallCluster } from './testing/small-cluster.ts';

const MODULE = new URL('./testing/spread-bodies.ts', import.meta.url).href;
const SIZE = 1_000_000;

test('a trace says which executor of which node ran what, after what, and which bytes went from node to node', async (t) => {
  const { workers, install, emptied } = await smallCluster(t, [{ labels: ['a'] }, { labels: ['b'] }]);
  await install(
    appOf(
      'across',
      [
        { name: 'fill', module: MODULE, export: 'fill', config: { to: 'filled', size: SIZE }, requires: ['a'] },
        { name: 'pass', module: MODULE, export: 'pass', config: { to: 'passed' }, requires: ['b'] },
        { name: 'relay', module: MODULE, export: 'relay', config: {}, requires: ['b'] },
      ],
      [
        { name: 'filled', primitive: 'immediate', target: 'pass' },
        { name: 'passed', primitive: 'immediate', target: 'relay' },
      ],
    ),
  );
  const { spans, transfers = [] } = await workers[0]!.call('across', 'fill', 'in', { answer: 'all', trace: true });
  const sorted = spans.toSorted((a, b) => a.startedNs - b.startedNs);
  t.deepEqual(
    sorted.map(({ fn, node, executor, attempt, after }) => ({ fn, node, executor, attempt, after })),
    [
      { fn: 'fill', node: 'worker-0', executor: 1, attempt: 1, after: '' },
      { fn: 'pass', node: 'worker-1', executor: 1, attempt: 1, after: 'fill' },
      { fn: 'relay', node: 'worker-1', executor: 1, attempt: 1, after: 'pass' },
    ],
  );
  for (const { readyNs, queuedNs, startedNs, endedNs } of sorted)
    t.true(readyNs <= queuedNs && queuedNs <= startedNs && startedNs <= endedNs);
  const [fill, pass, relay] = sorted;
  t.true(pass!.readyNs >= fill!.startedNs && pass!.readyNs <= fill!.endedNs, 'ready with what its sender sent');
  t.true(relay!.readyNs >= pass!.startedNs && relay!.readyNs <= pass!.endedNs);
  // The output is larger than what rides on a message, too.
  t.deepEqual(
    transfers.map(({ from, to, bytes }) => `${from} ${to} ${bytes >= SIZE}`),
    ['worker-1 worker-0 true', 'worker-0 worker-1 true'],
  );
  const [there] = transfers.filter(({ to }) => to === 'worker-1');
  t.true(there!.startedNs >= pass!.readyNs && there!.startedNs < there!.endedNs && there!.endedNs <= pass!.startedNs);
  const counted = await Promise.all(
    workers.map(async ({ port }) => {
      const client = await connectClient({ host: '127.0.0.1', port });
      t.teardown(() => client.close());
      return (await client.status()).counters;
    }),
  );
  t.like(counted[0], { sessionsTotal: 1, failedTotal: 0, forwardedTotal: 1, rerunsTotal: 0, executorsLostTotal: 0 });
  t.like(counted[1], { sessionsTotal: 1, forwardedTotal: 0, queuedTotal: 2, fetchedBytesTotal: SIZE });
  await emptied();
});

test('a session of which no trace was asked for tells nothing', async (t) => {
  const { workers, install, emptied } = await smallCluster(t, [{ labels: ['a'] }, { labels: ['b'] }]);
  const fill = { name: 'fill', module: MODULE, export: 'fill', config: { to: 'filled', size: SIZE }, requires: ['a'] };
  const relay = { name: 'relay', module: MODULE, export: 'relay', config: {}, requires: ['b'] };
  await install(appOf('quiet', [fill, relay], [{ name: 'filled', primitive: 'immediate', target: 'relay' }]));
  const { spans, transfers } = await workers[0]!.call('quiet', 'fill', 'in', { answer: 'all' });
  t.deepEqual([spans, transfers], [[], undefined]);
  await emptied();
});
