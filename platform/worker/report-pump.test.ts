import test from 'ava';
import { OUTPUT, QUIET, ReportWriter, SENT, SOURCES_DONE } from '../executor/reports.ts';
import { GRANULE_BYTES } from '../store/memory.ts';
import { SessionTable } from '../store/sessions.ts';
import { reserveNode } from './memory.ts';
import { WORKER_DEFAULTS } from './options.ts';
import { ReportPump } from './report-pump.ts';
import type { SessionState } from './sessions.ts';

const SLOT = 0;
const SET = 3;
/** A report that only marks a moment: no pump knows it. */
const MARK = 99;

/** A pump of one session, two executors' rings, and what the pump tells, in order. */
function pumpOf({ report = (_type: number) => {}, drained = () => {} } = {}) {
  const { setup, threads } = reserveNode({ ...WORKER_DEFAULTS, arenaBytes: GRANULE_BYTES });
  for (const thread of [1, 2]) threads.admit(thread);
  const table = new SessionTable(setup.store);
  const epoch = table.open(SLOT, 0, false);
  const session = { id: 1, slot: SLOT, epoch, starts: 0, over: false } as SessionState;
  const told: string[] = [];
  const pump = new ReportPump(setup.reports, threads, table, {
    report({ type }) {
      if (type !== MARK) told.push(type === OUTPUT ? 'output' : 'sent');
      report(type);
    },
    sourcesDone: (_, set) => told.push(`sources of ${set} done`),
    quiet: () => told.push('quiet'),
    session: () => session,
    fault: (_, error) => told.push(String(error)),
    drained,
  });
  const [first, second] = [1, 2].map((thread) => new ReportWriter(setup.reports, thread, fullRing)) as [ReportWriter, ReportWriter];
  const say = (writer: ReportWriter, type: number, ref = 0): void => writer.push(type, SLOT, epoch, ref);
  return { pump, table, session, told, first, second, say };
}

function fullRing(): void {
  throw new Error('expected room in the ring');
}

test('an end is told after everything that was reported before it, in whatever ring', (t) => {
  const { pump, told, first, second, say } = pumpOf();
  say(first, SOURCES_DONE, SET);
  say(first, QUIET);
  say(second, OUTPUT);
  pump.drain();
  t.deepEqual(told, ['output', `sources of ${SET} done`, 'quiet']);
});

test('an end is not told while something is under way again', (t) => {
  const { pump, table, told, first, say } = pumpOf();
  say(first, QUIET);
  table.count(SLOT, 0, 1);
  pump.drain();
  t.deepEqual(told, []);
});

test('a report that cannot be handled holds up no other', (t) => {
  const { pump, told, first, say } = pumpOf({
    report(type) {
      if (type === SENT) throw new Error('on purpose');
    },
  });
  say(first, SENT);
  say(first, OUTPUT);
  pump.drain();
  say(first, OUTPUT);
  pump.drain();
  t.deepEqual(told, ['sent', 'Error: on purpose', 'output', 'output']);
});

test('what starts while an end is on its way, and is over before that is told, has its own reports told first', (t) => {
  let isMarked = false;
  const { pump, table, session, told, first, second, say } = pumpOf({
    report(type) {
      if (type === SENT) {
        session.starts += 1;
        table.count(SLOT, 0, 1);
      } else if (type === MARK) {
        // What was started ends on thread 1, when the pump has just left its ring.
        say(first, OUTPUT);
        table.count(SLOT, 0, -1);
        say(first, QUIET);
      }
    },
    drained() {
      if (!isMarked) say(second, MARK);
      isMarked = true;
    },
  });
  say(first, SENT);
  say(first, QUIET);
  pump.drain();
  t.deepEqual(told, ['sent', 'output', 'quiet']);
});
