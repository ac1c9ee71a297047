/** The process of a calibration platform as its driver sees it: started, spoken to, ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DriverError } from '../../workloads/api/driver.ts';
import { beside } from '../../workloads/api/workflow.ts';
import { type Reply, type Request, receive, send } from './messages.ts';

/** How long a process may take to tell its port. */
const START_MS = 20_000;

export interface Child {
  readonly pid: number;
  send(request: Request, payload?: Uint8Array): void;
  /** Ends the process at once; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts the process. `onGone` is called when it has ended, whatever the reason. */
export async function startChild(
  args: readonly string[],
  onReply: (reply: Reply, payload: Uint8Array) => void,
  onGone: () => void,
): Promise<Child> {
  const child = spawn(process.execPath, [fileURLToPath(beside(import.meta.url, 'entry')), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = once(child, 'close').then(() => {});
  try {
    const socket = await connectTo(await portOf(child));
    receive<Reply>(socket, onReply);
    socket.on('error', () => child.kill('SIGKILL'));
    void gone.then(() => {
      socket.destroy();
      onGone();
    });
    return {
      pid: child.pid!,
      send: (request, payload) => send(socket, request, payload === undefined ? [] : [payload]),
      kill: () => {
        child.kill('SIGKILL');
        return gone;
      },
    };
  } catch (cause) {
    child.kill('SIGKILL');
    throw new DriverError('PLATFORM_UNAVAILABLE', `expected the calibration process to start, got: ${cause}`, { cause });
  }
}

async function portOf(child: ChildProcess): Promise<number> {
  const [line] = await once(createInterface(child.stdout!), 'line', { signal: AbortSignal.timeout(START_MS) });
  return Number(line);
}

async function connectTo(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect', { signal: AbortSignal.timeout(START_MS) });
  return socket;
}
