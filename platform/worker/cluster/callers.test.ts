import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import type { Member } from '../../core/membership.ts';
import { appOf } from '../testing/node.ts';
import { Callers, type Endable } from './callers.ts';
import { smallCluster } from './testing/small-cluster.ts';

const POLL_MS = 20;
const POLLS = 2_000;

function member(name: string, pid: number): Member {
  return { name, pid, role: 'worker', host: '127.0.0.1', port: 1, labels: [], executors: 1, draining: false, incarnation: pid };
}

function connection(): { -readonly [K in keyof Endable]: Endable[K] } {
  const made = {
    isOver: false,
    destroy() {
      made.isOver = true;
    },
  };
  return made;
}

test('what a process has opened here ends when it leaves the cluster, and nothing of its successor or of who is no member yet', (t) => {
  const callers = new Callers();
  const [old, successor, stranger, other] = [connection(), connection(), connection(), connection()];
  callers.see([member('a', 1), member('b', 3)]);
  callers.add({ role: 'worker', name: 'a', pid: 1 }, old);
  callers.add({ role: 'worker', name: 'a', pid: 2 }, successor);
  callers.add({ role: 'coordinator', name: 'c', pid: 4 }, stranger);
  callers.add({ role: 'worker', name: 'b', pid: 3 }, other);
  callers.see([member('a', 2), member('b', 3)]);
  t.deepEqual(
    [old, successor, stranger, other].map(({ isOver }) => isOver),
    [true, false, false, false],
  );
});

test('a home that stands still for too long leaves no sessions on its guests', async (t) => {
  const { workers, install } = await smallCluster(t, [{ labels: ['a'] }, { labels: ['b'] }]);
  const [home, guest] = workers as [(typeof workers)[number], (typeof workers)[number]];
  const module = new URL('./testing/spread-bodies.ts', import.meta.url).href;
  await install(
    appOf(
      'left',
      [
        { name: 'one', module, export: 'relay', config: { to: 'b1' }, requires: ['a'] },
        { name: 'two', module, export: 'relay', config: { afterMs: 500 }, requires: ['b'] },
      ],
      [{ name: 'b1', primitive: 'immediate', target: 'two' }],
    ),
  );
  const call = home.call('left', 'one', 'in').catch(() => undefined);
  const has = async (holds: (sessions: number | undefined) => boolean): Promise<boolean> => {
    for (let poll = 0; poll < POLLS && !holds(guest.load()?.sessions); poll++) await pause(POLL_MS);
    return holds(guest.load()?.sessions);
  };
  t.true(await has((sessions) => sessions === 1));
  process.kill(home.pid, 'SIGSTOP');
  try {
    t.true(await has((sessions) => sessions === 0));
  } finally {
    process.kill(home.pid, 'SIGCONT');
  }
  await call;
});
