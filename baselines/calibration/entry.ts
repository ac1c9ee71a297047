/** The one process of a calibration platform. Prints its port; ends when its parent closes standard input. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { DriverError } from '../../workloads/api/driver.ts';
import { loadBody, messageOf } from '../../workloads/api/run-body.ts';
import type { FunctionBody, Workflow } from '../../workloads/api/workflow.ts';
import { compile, type Program } from './compile.ts';
import { type Waiting, waitNs, waitsNs } from './delay.ts';
import { Interpreter } from './interpreter.ts';
import { type Reply, type Request, receive, send } from './messages.ts';

if (process.argv[1] !== fileURLToPath(import.meta.url)) throw new Error('expected to be started as a process, was imported');

interface Deployed {
  readonly program: Program;
  readonly bodies: ReadonlyMap<string, FunctionBody>;
}

const waiting = process.argv[2] as Waiting | undefined;
const nextWaitNs = waiting === undefined ? undefined : waitsNs(waiting, Math.random);
const deployments = new Map<number, Promise<Deployed>>();
const calls = new Map<number, AbortController>();
let lastCall: Promise<unknown> = Promise.resolve();

async function deploy(workflow: Workflow): Promise<Deployed> {
  const bodies = Object.entries(workflow.functions).map(async ([name, spec]) => [name, await loadBody(name, spec)] as const);
  return { program: compile(workflow), bodies: new Map(await Promise.all(bodies)) };
}

async function invoke(socket: Socket, id: number, deployment: number, input: Uint8Array): Promise<void> {
  const controller = calls.get(id)!;
  const deployed = await deployments.get(deployment);
  if (deployed === undefined || controller.signal.aborted) throw new DriverError('CANCELLED', 'cancelled before it began');
  const injectedNs = nextWaitNs === undefined ? undefined : waitNs(nextWaitNs());
  const { outputs, spans } = await new Interpreter(deployed.program, deployed.bodies, controller.signal).run(input);
  const heads = outputs.map(({ from, key, group, bytes }) => ({ from, key, group, size: bytes.length }));
  const result: Reply = { type: 'result', id, outputs: heads, spans, ...(injectedNs === undefined ? {} : { injectedNs }) };
  send(
    socket,
    result,
    outputs.map(({ bytes }) => bytes),
  );
}

async function handle(socket: Socket, request: Request, payload: Uint8Array): Promise<void> {
  const { id } = request;
  try {
    switch (request.type) {
      case 'invoke': {
        calls.set(id, new AbortController());
        const call = lastCall.then(() => invoke(socket, id, request.deployment, payload));
        lastCall = call.catch(() => {}).finally(() => calls.delete(id));
        return await call;
      }
      case 'cancel':
        return calls.get(id)?.abort();
      case 'deploy': {
        const deployed = deploy(request.workflow);
        deployments.set(request.deployment, deployed);
        await deployed;
        break;
      }
      case 'remove':
        deployments.delete(request.deployment);
        break;
      case 'ping':
    }
    send(socket, { type: 'done', id });
  } catch (error) {
    const code = error instanceof DriverError ? error.code : 'PLATFORM_FAILED';
    send(socket, { type: 'failed', id, code, message: messageOf(error) });
  }
}

const server = createServer({ noDelay: true }, (socket) =>
  receive<Request>(socket, (request, payload) => void handle(socket, request, payload)),
);
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.on('SIGINT', () => {}); // From a terminal it goes to the whole group; the harness decides.
process.stdin.on('end', () => process.exit(0)).resume();
