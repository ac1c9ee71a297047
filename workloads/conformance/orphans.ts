/** Whether a platform ends by itself when the process that started it is killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { isAlive } from './conformance.ts';

const PATIENCE_MS = 10_000;
const LOOK_MS = 20;

/** Starts the driver that `module` exports as `name` in a process, kills that, and expects the platform's processes to end. */
export async function checkOrphans(module: string, name: string, dataDir: string): Promise<void> {
  const start = `const { ${name}: driver } = await import(${JSON.stringify(module)});
    const platform = await driver.start({ executors: 2, dataDir: ${JSON.stringify(dataDir)} });
    console.log(JSON.stringify(platform.pids()));`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', start], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(parent.stdout), 'line', { signal: AbortSignal.timeout(PATIENCE_MS) });
  parent.kill('SIGKILL');
  const pids = JSON.parse(line) as readonly number[];
  let left = pids;
  for (let waitedMs = 0; waitedMs < PATIENCE_MS && left.length > 0; waitedMs += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    left = pids.filter(isAlive);
  }
  for (const pid of left) process.kill(pid, 'SIGKILL');
  if (left.length > 0) throw new Error(`expected processes ${pids.join(', ')} to end after their parent, found ${left.join(', ')}`);
}
