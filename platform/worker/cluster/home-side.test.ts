import test, { type ExecutionContext } from 'ava';
import type { FunctionDefinition, RecoveryDefinition } from '../../core/app.ts';
import type { PeerReport, Run } from '../../wire/peer-messages.ts';
import { appOf, outcomeOf } from '../testing/node.ts';
import { objectOf, type TestGuest } from './testing/peer.ts';
import { type SmallCluster, smallCluster, type TestWorker } from './testing/small-cluster.ts';

const MODULE = new URL('./testing/spread-bodies.ts', import.meta.url).href;
const AWAY = { requires: ['away'] };

function fn(name: string, body: string, config: object, more: Partial<FunctionDefinition> = {}): FunctionDefinition {
  return { name, module: MODULE, export: body, config, ...more };
}

/** Positions in the app. */
const FIRST = 0;
const WAIT = 3;
const PARTS = 0;

interface Home extends SmallCluster {
  readonly worker: TestWorker;
  call(): Promise<string>;
  /** The next connection by which the worker gives work, or fetches. */
  dialled(): Promise<TestGuest>;
}

/**
 * A worker that is the home of sessions whose functions `first` and `then` run on a node that the test plays: what is
 * put into bucket `parts` under keys a and b starts `then`.
 */
async function home(t: ExecutionContext, recovery: RecoveryDefinition = { level: 'function' }): Promise<Home> {
  const cluster = await smallCluster(t, [{ executors: 1 }], { played: ['played'], rule: () => () => 'played' });
  const [worker] = cluster.workers as [TestWorker];
  const [{ dialled }] = cluster.played as [(typeof cluster.played)[number]];
  await cluster.install(
    appOf(
      'app',
      [
        fn('first', 'relay', {}, AWAY),
        fn('then', 'relay', {}, AWAY),
        fn('look', 'look', { bucket: 'parts', key: 'wanted' }),
        fn('wait', 'relay', { to: 'go', afterMs: 500 }),
      ],
      [
        { name: 'parts', primitive: 'by-set', keys: ['a', 'b'], target: 'then' },
        { name: 'go', primitive: 'immediate', target: 'look' },
      ],
      { recovery },
    ),
  );
  return { ...cluster, worker, dialled, call: async () => (await worker.call('app', 'first', 'in', { answer: 'all' })).outputs.join() };
}

async function runAt(guest: TestGuest, fnAt = FIRST): Promise<Run> {
  return (await guest.next('run', ({ fn: at }) => at === fnAt)).message;
}

function idle({ session }: Run, credits = 1, set = 0): PeerReport {
  return { type: 'idle', session, set, credits };
}

function sent({ session }: Run, key: string, size: number, ref: number, sentNs: number): PeerReport {
  return { type: 'sent', session, sender: -1, object: objectOf(size, { source: FIRST, bucket: PARTS, key, ref, sentNs }) };
}

function output({ session }: Run, size: number, more: Parameters<typeof objectOf>[1] = {}): PeerReport {
  return { type: 'output', session, sender: -1, object: objectOf(size, { source: FIRST, ref: 9, ...more }) };
}

test.serial('a session ends when all credits are back, and its guest is told to drop it', async (t) => {
  const { call, dialled, emptied } = await home(t);
  const answered = call();
  const guest = await dialled();
  const run = await runAt(guest);
  guest.send(output(run, 3), 'out');
  guest.send(idle(run));
  t.is(await answered, 'out');
  t.is((await guest.next('drop')).message.session, run.session);
  await emptied();
});

test.serial('a run that is refused goes to the next node, and fails in the end with the code of the refusal', async (t) => {
  const { call, dialled, emptied } = await home(t);
  const outcome = outcomeOf(call());
  const guest = await dialled();
  for (let attempt = 1; attempt <= 3; attempt++) {
    const { message } = await guest.next('run');
    t.is(message.attempt, attempt);
    guest.send({ type: 'run-refused', session: message.session, sequence: message.sequence, code: 'OUT_OF_MEMORY', message: 'full' });
  }
  t.is(await outcome, 'OUT_OF_MEMORY');
  await emptied();
});

test.serial('what a lost guest was given runs again where nothing had come of it', async (t) => {
  const { call, dialled, emptied } = await home(t);
  const answered = call();
  const lost = await dialled();
  await runAt(lost);
  lost.end();
  const guest = await dialled();
  const run = await runAt(guest);
  t.is(run.attempt, 2);
  guest.send(output(run, 3), 'out');
  guest.send(idle(run));
  t.is(await answered, 'out');
  await emptied();
});

test.serial('a session runs again from its input where a lost guest had done something, and counts it once', async (t) => {
  const { call, dialled, emptied } = await home(t);
  const answered = call();
  const lost = await dialled();
  const before = await runAt(lost);
  lost.send(output(before, 3), 'old');
  lost.send(sent(before, 'a', 1, 1, 1), 'a');
  lost.end();
  const guest = await dialled();
  const run = await runAt(guest);
  t.not(run.session, before.session);
  guest.send(output(run, 3), 'new');
  guest.send(idle(run));
  t.is(await answered, 'new');
  await emptied();
});

test.serial('objects that a node names alike are told apart by their times: it may have been lost and be another by now', async (t) => {
  const { call, dialled, emptied } = await home(t);
  const answered = call();
  const guest = await dialled();
  const run = await runAt(guest);
  guest.send(sent(run, 'a', 3, 7, 1_000), 'old');
  guest.send(sent(run, 'b', 3, 7, 2_000), 'new');
  const { payload } = await guest.next('run');
  t.is(Buffer.from(payload).toString(), 'oldnew');
  guest.send(idle(run, 2));
  t.is(await answered, '');
  await emptied();
});

test.serial('an output that its guest does not have any more has the session run again', async (t) => {
  const { call, dialled, emptied } = await home(t);
  const answered = call();
  const guest = await dialled();
  const before = await runAt(guest);
  guest.send(output(before, 100_000, { node: 'played', ref: 77 }));
  guest.send(idle(before));
  const fetched = await dialled();
  const { message } = await fetched.next('fetch');
  t.is(message.ref, 77);
  fetched.send({ type: 'absent', id: message.id, message: 'it is gone' });
  const run = await runAt(guest);
  guest.send(output(run, 3), 'new');
  guest.send(idle(run));
  t.is(await answered, 'new');
  await emptied();
});

test.serial('a guest that speaks nonsense is given up, the home stays, and the caller hears of it', async (t) => {
  const { worker, call, dialled, emptied } = await home(t, { level: 'off' });
  const nonsense: ((run: Run) => PeerReport)[] = [
    (run) => idle(run, 5),
    (run) => idle(run, 1, 1_000_000),
    (run) => ({ type: 'start', session: run.session, fn: 1_000, object: objectOf(0) }),
    (run) => ({ type: 'started', session: run.session, fn: 9, invocation: 1, attempt: 1, before: 1, first: -1, objects: [] }),
  ];
  for (const report of nonsense) {
    const outcome = outcomeOf(call());
    const guest = await dialled();
    guest.send(report(await runAt(guest)));
    await guest.closed;
    t.is(await outcome, 'NODE_LOST');
    await emptied();
  }
  const fine = await worker.call('app', 'look', '', { answer: 'all' });
  t.is(fine.text, 'nothing');
});

test.serial('what is unknown at the home is of no consequence', async (t) => {
  const { call, dialled, emptied } = await home(t);
  const answered = call();
  const guest = await dialled();
  const run = await runAt(guest);
  const unknown = { ...run, session: run.session + 1 };
  guest.send(idle(unknown, 7, 7));
  guest.send(output(unknown, 3), 'no!');
  guest.send({ type: 'run-refused', session: run.session, sequence: 99, code: 'OVERLOADED', message: 'never given' });
  guest.send({ type: 'looked', id: 12_345, session: run.session, object: undefined });
  guest.send({ type: 'absent', id: 12_345, message: 'never asked' });
  guest.send({ type: 'invocation-failed', session: unknown.session, invocation: -1, code: 'INTERNAL', message: 'no' });
  guest.send(output(run, 3), 'out');
  guest.send(idle(run));
  t.is(await answered, 'out');
  await emptied();
});

test.serial('whoever looks for an object is answered by the others, also when one of them is lost meanwhile', async (t) => {
  const { call, dialled, emptied } = await home(t);
  const outcome = outcomeOf(call());
  const guest = await dialled();
  const run = await runAt(guest);
  guest.send({ type: 'find', id: 5, session: run.session, bucket: PARTS, key: 'wanted' });
  const { message } = await guest.next('found');
  t.deepEqual([message.id, message.object], [5, undefined]);
  guest.send(idle(run));
  t.is(await outcome, 'ok');
  await emptied();
});

test.serial('that an object is not found counts for nothing where the node that may have had it is lost', async (t) => {
  const { call, dialled, emptied } = await home(t);
  const answered = call();
  const lost = await dialled();
  const before = await runAt(lost);
  lost.send({ type: 'start', session: before.session, fn: WAIT, object: objectOf(2, { ref: 3 }) }, 'in');
  lost.send(idle(before));
  lost.end();
  const guest = await dialled();
  const run = await runAt(guest);
  guest.send(output(run, 3), 'new');
  guest.send(idle(run));
  t.is(await answered, 'new');
  await emptied();
});
