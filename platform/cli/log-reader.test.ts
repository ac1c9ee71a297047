import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { inOrder, LogReader, logsIn } from './log-reader.ts';

/** A log in a folder of its own. */
function logOf(t: ExecutionContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'log-reader-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'worker-1.log');
  writeFileSync(path, text);
  return path;
}

const record = (second: number, msg: string, facts: object = {}): string =>
  `${JSON.stringify({ level: 'info', time: `2026-01-01T00:00:0${second}.000Z`, pid: 1, ...facts, msg })}\n`;

test('A record is taken apart; what is none is a line all the same', (t) => {
  const lines = new LogReader(logOf(t, `${record(1, 'ready', { role: 'worker' })}Segmentation fault\n`)).read();
  t.like(lines[0], { process: 'worker-1', level: 'info', msg: 'ready', facts: { role: 'worker' } });
  t.like(lines[1], { process: 'worker-1', msg: 'Segmentation fault', facts: {}, time: undefined });
});

test('Each reading goes on where the last one ended, and leaves a line that is not whole yet', (t) => {
  const path = logOf(t, record(1, 'one'));
  const reader = new LogReader(path);
  const messages = (): string[] => reader.read().map(({ msg }) => msg);
  t.deepEqual(messages(), ['one']);
  t.deepEqual(messages(), []);
  const two = record(2, 'two');
  appendFileSync(path, two.slice(0, 20));
  t.deepEqual(messages(), []);
  appendFileSync(path, two.slice(20) + record(3, 'three'));
  t.deepEqual(messages(), ['two', 'three']);
});

test('A log that has been begun anew is read from its start', (t) => {
  const path = logOf(t, record(1, 'of the cluster before'));
  const reader = new LogReader(path);
  reader.read();
  writeFileSync(path, record(2, 'new'));
  t.deepEqual(
    reader.read().map(({ msg }) => msg),
    ['new'],
  );
});

test('Of a long log only the end is read, from a whole line on', (t) => {
  const filler = record(1, 'x'.repeat(1_000));
  const lines = new LogReader(logOf(t, filler.repeat(6_000) + record(2, 'last'))).read();
  t.true(lines.length > 1_000 && lines.length < 6_000);
  t.is(lines.at(-1)?.msg, 'last');
  t.true(lines.slice(0, -1).every(({ msg }) => msg.length === 1_000));
});

test('Lines of several logs come in the order of their times, and those without one after the line before', (t) => {
  const read = (text: string) => new LogReader(logOf(t, text)).read();
  const lines = inOrder([read(`${record(1, 'a')}${record(4, 'd')}`), read(`${record(2, 'b')}no record\n${record(3, 'c')}`)]);
  t.deepEqual(
    lines.map(({ msg }) => msg),
    ['a', 'b', 'no record', 'c', 'd'],
  );
});

test('A folder has a log for each process', (t) => {
  const path = logOf(t, '');
  writeFileSync(join(path, '../manager.log'), '');
  writeFileSync(join(path, '../cluster.json'), '');
  t.deepEqual([...logsIn(join(path, '..')).keys()].sort(), ['manager', 'worker-1']);
});
