import test from 'ava';
import { checkOrphans, checkResidue } from './alone.ts';
import { remaining } from './footprint.ts';

const module = import.meta.resolve('./fixtures/faulty-drivers.ts');
/** Processes and ports are only seen where there is a /proc. */
const onLinux = process.platform === 'linux' ? test : test.skip;

test('A driver that leaves nothing behind passes', async (t) => {
  await t.notThrowsAsync(checkResidue(module, 'sound'));
  await t.notThrowsAsync(checkOrphans(module, 'sound'));
});

test('A process, a timer or a file that is left behind is found', async (t) => {
  await t.throwsAsync(checkResidue(module, 'leavesProcess'), { message: /expected no process of the platform after run 1, found \d+/ });
  await t.throwsAsync(checkResidue(module, 'leavesTimer', 500), { message: /a timer, server or connection keeps it/ });
  await t.throwsAsync(checkResidue(module, 'leavesFile'), { message: /expected no file outside the platform's folder, found left/ });
});

onLinux('A port that is left open, and a process that pids() does not name, are found', async (t) => {
  await t.throwsAsync(checkResidue(module, 'leavesPort'), { message: /expected no listening port after run 1, found \d+/ });
  await t.throwsAsync(checkOrphans(module, 'hidesProcess'), { message: /expected pids\(\) to name every process of the platform/ });
});

test('A process that outlives its parent is found and ended', async (t) => {
  const error = await t.throwsAsync(checkOrphans(module, 'outlivesParent', 500), { message: /to end after their parent, found \d+/ });
  const [pid] = /\d+/.exec(error!.message)!;
  t.deepEqual(await remaining([Number(pid)], 5_000), []);
});
