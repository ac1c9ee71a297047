/** The command line of `pheromone`: one worker node in the foreground, until SIGINT or SIGTERM. */
import { parseArgs } from 'node:util';
import { startWorker, type WorkerNode } from './worker/node.ts';
import { WORKER_DEFAULTS, type WorkerOptions } from './worker/options.ts';

const USAGE = `Usage: pheromone [--host ${WORKER_DEFAULTS.host}] [--port ${WORKER_DEFAULTS.port}] [--executors ${WORKER_DEFAULTS.executors}]
Starts a worker node and prints where it listens. Port 0: any free port. Exit codes: 0 fine, 5 bad input, 1 anything else.`;
const BAD_INPUT = 5;

/** Throws a TypeError for an option that there is not, or that is no number where one is expected. */
function readOptions(args: readonly string[]): Partial<WorkerOptions> | 'help' {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...args], options: { host: text, port: text, executors: text, help: { type: 'boolean' } } });
  if (values.help === true) return 'help';
  return {
    ...(values.host !== undefined && { host: values.host }),
    ...(values.port !== undefined && { port: wholeNumber('port', values.port) }),
    ...(values.executors !== undefined && { executors: wholeNumber('executors', values.executors) }),
  };
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new TypeError(`--${name}: expected a whole number, got "${text}"`);
  return Number(text);
}

async function start(options: Partial<WorkerOptions>): Promise<void> {
  const node: WorkerNode = await startWorker(options);
  console.log(`pheromone: worker node listens on ${options.host ?? WORKER_DEFAULTS.host}:${node.port} (process ${process.pid})`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void node.stop().then(() => process.exit()));
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') console.log(USAGE);
  else await start(options);
} catch (error) {
  const isInput = error instanceof TypeError || error instanceof RangeError;
  console.error(`pheromone: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(isInput ? BAD_INPUT : 1);
}
