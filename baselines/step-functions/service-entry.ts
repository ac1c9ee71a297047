/** The service: takes definitions, runs executions, owns the function processes. Ends with its parent. */
import { fileURLToPath } from 'node:url';
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { DriverError } from '../../workloads/api/driver.ts';
import { type Deployed, Execution } from './execution.ts';
import { failureOf, type Reply, serve } from './http.ts';
import type { CreateRequest, DeleteRequest, ExecutionResult, Notice, StartRequest, StopRequest } from './messages.ts';
import { Overtaken } from './overtaken.ts';
import { FunctionPool } from './pool.ts';

if (process.argv[1] !== fileURLToPath(import.meta.url)) throw new Error('expected to be started as a process, was imported');

const machines = new Map<string, Deployed>();
const executions = new Map<string, Execution>();
const stopped = new Overtaken();

async function create({ name, definition, tasks, functions, early }: CreateRequest): Promise<void> {
  // The constructor checks the definition against the language.
  const machine = new StateMachine(definition as unknown as StateMachineDefinition);
  await pool.deploy(name, functions);
  machines.set(name, { name, machine, tasks, early: new Set(early) });
}

async function execute({ stateMachine, execution: id, input }: StartRequest): Promise<ExecutionResult> {
  const deployed = machines.get(stateMachine);
  if (deployed === undefined) throw new DriverError('CANCELLED', `expected a state machine, "${stateMachine}" was deleted`);
  if (stopped.take(id)) throw new DriverError('CANCELLED', 'the execution was stopped before it began');
  const execution = new Execution(deployed, pool);
  executions.set(id, execution);
  try {
    return await execution.run(input);
  } catch (error) {
    return { status: 'FAILED', ...failureOf(error) };
  } finally {
    executions.delete(id);
  }
}

function stop(id: string): void {
  const execution = executions.get(id);
  if (execution === undefined) stopped.add(id);
  else execution.stop();
}

async function handle(_method: string, path: string, body: string): Promise<Reply> {
  const request: unknown = JSON.parse(body);
  switch (path) {
    case '/CreateStateMachine':
      await create(request as CreateRequest);
      return {};
    case '/DeleteStateMachine': {
      const { name } = request as DeleteRequest;
      machines.delete(name);
      await pool.remove(name);
      return {};
    }
    case '/StartSyncExecution':
      return { body: JSON.stringify(await execute(request as StartRequest)) };
    case '/StopExecution':
      stop((request as StopRequest).execution);
      return {};
    default:
      throw new DriverError('PLATFORM_FAILED', `expected an action of the service, got ${path}`);
  }
}

let port: number | undefined;
const starting = FunctionPool.start(Number(process.argv[2]), tell);
process.on('SIGINT', () => {}); // From a terminal it goes to the whole group; the harness decides.
process.on('disconnect', () => void starting.then((running) => running.close()).finally(() => process.exit(0)));
const pool = await starting;
port = await serve(handle);
tell();

function tell(): void {
  // Not before requests can be taken.
  if (port === undefined || !process.connected) return;
  const notice: Notice = { port, pids: pool.pids() };
  process.send!(notice);
}
