/** A process that runs functions, one call after another, as a function service's machines do. Ends with its parent. */
import { fileURLToPath } from 'node:url';
import { DriverError } from '../../workloads/api/driver.ts';
import { loadBody, runBody } from '../../workloads/api/run-body.ts';
import type { FunctionBody } from '../../workloads/api/workflow.ts';
import { NO_VALUE, REGROUP } from './asl.ts';
import type { FunctionConfig, Program } from './compile.ts';
import { failureOf, type Reply, serve } from './http.ts';
import { type Failure, FUNCTION_ERROR_HEADER, type Notice, SPAN_HEADER } from './messages.ts';
import { Overtaken } from './overtaken.ts';
import { checkValue, decodeValue, encodeValue, flatten, regroup, type Values } from './values.ts';

if (process.argv[1] !== fileURLToPath(import.meta.url)) throw new Error('expected to be started as a process, was imported');

interface Loaded {
  readonly config: FunctionConfig;
  readonly body: FunctionBody;
}

const machines = new Map<string, ReadonlyMap<string, Loaded>>();
const invocations = new Map<string, AbortController>();
const ended = new Overtaken();

async function load(functions: Program['functions']): Promise<ReadonlyMap<string, Loaded>> {
  const loading = Object.entries(functions).map(
    async ([name, config]) => [name, { config, body: await loadBody(name, config.spec) }] as const,
  );
  return new Map(await Promise.all(loading));
}

async function invoke(machine: string, name: string, id: string, event: Values): Promise<Reply> {
  if (name === REGROUP) return { body: JSON.stringify(regroup(event)) };
  const loaded = machines.get(machine)?.get(name);
  if (loaded === undefined) throw new DriverError('CANCELLED', `function "${name}": its state machine was deleted`);
  if (ended.take(id)) throw new DriverError('CANCELLED', `function "${name}": its execution was stopped`);
  const { body, config } = loaded;
  const { rule, timeoutMs, isValueNeeded } = config;
  const controller = new AbortController();
  invocations.set(id, controller);
  try {
    const inputs = flatten(event).map(decodeValue);
    const { emitted, span } = await runBody(body, { name, inputs, rule, timeoutMs, signal: controller.signal });
    for (const { bytes } of emitted) checkValue(bytes, `function "${name}"`);
    const headers = { [SPAN_HEADER]: `${span.startedNs} ${span.endedNs}` };
    if (emitted.length === 0 && isValueNeeded) return failed({ error: NO_VALUE, cause: `function "${name}" emitted nothing` }, headers);
    return { headers, body: JSON.stringify(emitted.map((value) => encodeValue(name, value))) };
  } catch (error) {
    return failed(failureOf(error));
  } finally {
    invocations.delete(id);
  }
}

function end(id: string): void {
  const invocation = invocations.get(id);
  if (invocation === undefined) ended.add(id);
  else invocation.abort();
}

function failed(failure: Failure, headers: Reply['headers'] = {}): Reply {
  return { headers: { ...headers, [FUNCTION_ERROR_HEADER]: 'Unhandled' }, body: JSON.stringify(failure) };
}

/** `PUT` and `DELETE /machines/<name>`, `POST` and `DELETE /invocations/<id>/<machine>/<function>`. */
async function handle(method: string, path: string, body: string): Promise<Reply> {
  const [, what = '', id = '', machine = '', name = ''] = path.split('/');
  switch (`${method} ${what}`) {
    case 'POST invocations':
      return invoke(machine, name, id, JSON.parse(body) as Values);
    case 'DELETE invocations':
      end(id);
      return {};
    case 'PUT machines':
      machines.set(id, await load(JSON.parse(body) as Program['functions']));
      return {};
    case 'DELETE machines':
      machines.delete(id);
      return {};
    default:
      throw new DriverError('PLATFORM_FAILED', `expected a known method and path, got ${method} ${path}`);
  }
}

process.on('SIGINT', () => {}); // From a terminal it goes to the whole group; the harness decides.
process.on('disconnect', () => process.exit(0));
const notice: Notice = { port: await serve(handle), pids: [] };
process.send!(notice);
