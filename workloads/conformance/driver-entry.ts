/**
 * A process that does nothing but use a platform, so that what it leaves behind can be told from all else on the
 * machine. Arguments: the driver's module, its export, the platform's folder, how many runs. Prints a
 * {@link StartedLine} and a {@link StoppedLine} a run; with 0 runs starts the platform and waits to be ended.
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Driver } from '../api/driver.ts';
import type { StartedLine, StoppedLine } from './alone.ts';
import { flow, invoke } from './case.ts';
import { listeningPorts } from './footprint.ts';

if (process.argv[1] !== fileURLToPath(import.meta.url)) throw new Error('expected to be started as a process, was imported');

const [module = '', name = '', dataDir = '', runs = ''] = process.argv.slice(2);
const driver = ((await import(module)) as Record<string, Driver>)[name]!;
const say = (line: StartedLine | StoppedLine): void => console.log(JSON.stringify(line));

for (let run = 0; run < Math.max(1, Number(runs)); run++) {
  mkdirSync(dataDir, { recursive: true });
  const platform = await driver.start({ executors: 2, dataDir });
  const deployment = await platform.deploy(
    flow({ first: 'echo', second: 'echo' }, [{ pattern: 'sequence', from: 'first', to: 'second' }], 'first'),
  );
  await invoke(deployment, 'v');
  say({ pids: platform.pids() });
  if (runs === '0') await new Promise(() => setInterval(() => {}, 1_000));
  await platform.stop();
  say({ ports: listeningPorts(process.pid) });
}
