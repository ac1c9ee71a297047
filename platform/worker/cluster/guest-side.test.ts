import test, { type ExecutionContext } from 'ava';
import type { FunctionDefinition } from '../../core/app.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { PeerReport } from '../../wire/peer-messages.ts';
import { appOf } from '../testing/node.ts';
import { dialHome, objectOf, runOf, type TestHome } from './testing/peer.ts';
import { type SmallCluster, smallCluster, type TestWorker } from './testing/small-cluster.ts';

const NAMES = ['answer', 'slow', 'produce', 'look', 'fail'] as const;
const FN = Object.fromEntries(NAMES.map((name, index) => [name, index])) as Record<(typeof NAMES)[number], number>;

function fn(name: string, body: string, config: object): FunctionDefinition {
  return { name, module: new URL('./testing/spread-bodies.ts', import.meta.url).href, export: body, config };
}

/** A worker that is the guest of a home which the test plays. */
async function guest(t: ExecutionContext): Promise<SmallCluster & { readonly home: TestHome }> {
  const cluster = await smallCluster(t, [{ executors: 1 }]);
  const module = new URL('./testing/spread-bodies.ts', import.meta.url).href;
  await cluster.install(
    appOf(
      'app',
      [
        fn('answer', 'relay', {}),
        fn('slow', 'relay', { afterMs: 200 }),
        fn('produce', 'scatter', { to: 'gathered', count: 3 }),
        fn('look', 'look', { bucket: 'gathered', key: 'wanted' }),
        { name: 'fail', module, export: 'fail' },
      ],
      [{ name: 'gathered', primitive: 'dynamic-group', sources: ['produce'], target: 'answer' }],
    ),
  );
  return { ...cluster, home: await dialHome(t, cluster.workers[0]!) };
}

const isIdle = (message: PeerReport): boolean => message.type === 'idle' && message.set === 0;

test.serial('all that functions do is told before the credits are given back, each watch set its own', async (t) => {
  const { home, emptied } = await guest(t);
  home.send(runOf('in', { fn: FN.produce }), 'in');
  home.send(runOf('in', { fn: FN.answer, sequence: 2 }), 'in');
  const { message: last } = await home.next('idle', ({ set }) => set === 0);
  const said = home.unread.map(({ type }) => type);
  t.is(said.filter((type) => type === 'sent').length, 3);
  t.is(said.filter((type) => type === 'output').length, 1);
  const { message: ofSources } = await home.next('idle', ({ set }) => set !== 0);
  t.is(ofSources.credits, 1);
  let credits = last.credits;
  while (credits < 2) credits += (await home.next('idle', isIdle)).message.credits;
  t.is(credits, 2);
  home.send({ type: 'drop', session: 1 });
  await emptied();
});

test.serial('a session that is dropped while it runs is freed when it has ended, and says nothing more', async (t) => {
  const { home, emptied } = await guest(t);
  home.send(runOf('in', { fn: FN.slow }), 'in');
  home.send({ type: 'drop', session: 1 });
  await emptied();
  t.deepEqual(home.unread, []);
});

test.serial('an aborted run gives its credit back', async (t) => {
  const { home, emptied } = await guest(t);
  home.send(runOf('in', { fn: FN.slow }), 'in');
  home.send({ type: 'abort', session: 1 });
  t.is((await home.next('idle', isIdle)).message.credits, 1);
  home.send({ type: 'drop', session: 1 });
  await emptied();
});

test.serial('a run that cannot be taken is refused, and the session stays as it was', async (t) => {
  const { home, emptied } = await guest(t);
  const refused = async (code: ErrorCode): Promise<void> => {
    t.is((await home.next('run-refused')).message.code, code);
  };
  home.send(runOf('in', { version: 9 }), 'in');
  await refused('UNKNOWN_APP');
  home.send(runOf('in', { fn: 99 }), 'in');
  await refused('UNKNOWN_FUNCTION');
  home.send(runOf('in'), 'in');
  home.send(runOf('in', { fn: 99, sequence: 2 }), 'in');
  await refused('UNKNOWN_FUNCTION');
  t.is((await home.next('idle', isIdle)).message.credits, 1);
  home.send(runOf('in', { app: 'other', sequence: 3 }), 'in');
  await refused('UNKNOWN_APP');
  home.send({ type: 'drop', session: 1 });
  await emptied();
});

test.serial('a home that goes away at any moment leaves nothing behind', async (t) => {
  const { home, workers, emptied } = await guest(t);
  const [worker] = workers as [(typeof workers)[number]];
  const moments: ((home: TestHome) => Promise<unknown>)[] = [
    async (gone) => gone.send(runOf('in', { fn: FN.slow }), 'in'),
    async (gone) => {
      gone.send(runOf('in', { fn: FN.look }), 'in');
      await gone.next('find');
    },
    async (gone) => {
      gone.send(runOf('in', { fn: FN.answer }), 'in');
      await gone.next('output');
    },
    async (gone) => {
      gone.send(runOf('in', { fn: FN.answer }), 'in');
      await gone.next('idle');
    },
    async (gone) => gone.send(runOf('', { objects: [objectOf(1_000, { node: 'nobody', ref: 7 })] })),
  ];
  for (const [number, moment] of moments.entries()) {
    const gone = await dialHome(t, worker, `home-${number}`);
    await moment(gone);
    gone.end();
    await emptied();
  }
  home.send(runOf('in'), 'in');
  t.is((await home.next('output')).message.object.size, 'in>answer'.length);
  home.end();
  await emptied();
});

test.serial('what a function looks for in vain while its session is dropped keeps nobody waiting', async (t) => {
  const { home, emptied, workers } = await guest(t);
  for (let session = 1; session <= 20; session++) {
    home.send(runOf('in', { fn: FN.look, session }), 'in');
    // All in one batch: the question is asked while the worker reads on, up to the drop.
    for (let id = 0; id < 1_000; id++) home.send({ type: 'look', id, session: 0, bucket: 0, key: '' });
    home.send({ type: 'drop', session });
    await emptied();
  }
  t.true(workers[0]!.isAlive);
});

test.serial('an answer that there is no memory for reaches whoever waits for it, and ends nothing else', async (t) => {
  const { home, emptied } = await guest(t);
  home.send(runOf('in', { fn: FN.look }), 'in');
  const { message } = await home.next('find');
  const tooLong = objectOf(2, { ref: 2, key: 'k'.repeat(2_000) });
  home.send({ type: 'found', id: message.id, session: 1, object: tooLong }, 'no');
  t.is((await home.next('invocation-failed')).message.code, 'INVALID_ARGUMENT');
  t.is((await home.next('idle', isIdle)).message.credits, 1);
  home.send({ type: 'drop', session: 1 });
  await emptied();
});

test.serial('what is not there, or is not of the session, is not given out', async (t) => {
  const { home, emptied } = await guest(t);
  home.send(runOf('in'), 'in');
  const { message } = await home.next('output');
  t.is(message.object.node, '');
  const { ref } = message.object;
  const fetch = { type: 'fetch', home: 'test-home', session: 1, byStore: false } as const;
  home.send({ ...fetch, id: 1, ref });
  t.is(Buffer.from((await home.next('object')).payload).toString(), 'in>answer');
  for (const [id, nonsense] of [ref + 1, ref + 1_000_000, 2 ** 40, Number.MAX_SAFE_INTEGER].entries()) {
    home.send({ ...fetch, id: 10 + id, ref: nonsense });
    t.is((await home.next('absent')).message.id, 10 + id);
  }
  home.send({ ...fetch, id: 20, session: 2, ref });
  await home.next('absent');
  home.send({ ...fetch, id: 21, home: 'another', ref });
  await home.next('absent');
  home.send({ type: 'look', id: 22, session: 1, bucket: 99, key: '' });
  t.is((await home.next('looked')).message.object, undefined);
  home.send({ type: 'drop', session: 1 });
  home.send({ ...fetch, id: 23, ref });
  await home.next('absent');
  await emptied();
});

test.serial('a home that stands still is given up by its guest, and begins anew when it goes on', async (t) => {
  const patience = { pingMs: 50, silenceMs: 200 };
  const cluster = await smallCluster(t, [
    { ...patience, labels: ['a'] },
    { ...patience, labels: ['b'] },
  ]);
  const [still, other] = cluster.workers as [TestWorker, TestWorker];
  const slow = fn('slow', 'relay', { afterMs: 500 });
  await cluster.install(appOf('app', [{ ...slow, requires: ['b'] }], [], { recovery: { level: 'function', attempts: 100 } }));
  const answered = still.call('app', 'slow', 'in', { answer: 'all' });
  const sessionsComeTo = async (count: number): Promise<void> => {
    for (let poll = 0; poll < 2_000 && other.load()?.sessions !== count; poll++) await new Promise((resolve) => setTimeout(resolve, 10));
    t.is(other.load()?.sessions, count);
  };
  await sessionsComeTo(1);
  process.kill(still.pid, 'SIGSTOP');
  try {
    await sessionsComeTo(0);
  } finally {
    process.kill(still.pid, 'SIGCONT');
  }
  t.is((await answered).text, 'in>slow');
  await cluster.emptied();
});
