import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { isAlive, kill, memoryBytes, processorNs, usageIsKnown } from './processes.ts';

test('a process lives until it is killed', async (t) => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  await once(child, 'spawn');
  t.true(isAlive(child.pid!));
  kill(child.pid!);
  await once(child, 'exit');
  t.false(isAlive(child.pid!));
  t.notThrows(() => kill(child.pid!));
});

(usageIsKnown() ? test : test.skip)('a process that computes uses processor time and memory', (t) => {
  const before = processorNs(process.pid);
  const page = Buffer.alloc(1_000_000, 1);
  for (let i = 0; i < 200; i++) page.fill(i);
  t.true(processorNs(process.pid) > before);
  t.true(memoryBytes(process.pid) > page.length);
});

test('a process that is not there uses nothing', (t) => {
  t.is(processorNs(2 ** 22 + 1), 0);
  t.is(memoryBytes(2 ** 22 + 1), 0);
});
