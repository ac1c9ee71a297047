import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { beside } from '../../workloads/api/workflow.ts';
import { nowNs } from '../clock.ts';
import type { Floor } from './floor.ts';

const ROUND_TRIPS = 5;
const MESSAGE = Buffer.alloc(8, 1);

/** Sends one message and waits until all of it is back. */
function roundTrip(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let missing = MESSAGE.length;
    const settle = (error?: Error): void => {
      socket.off('data', onData).off('error', settle).off('close', onClose);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onData = (chunk: Buffer): void => {
      missing -= chunk.length;
      if (missing <= 0) settle();
    };
    const onClose = (): void => settle(new Error('tcp floor: expected the message back, the echo process closed the connection'));
    socket.on('data', onData).on('error', settle).on('close', onClose);
    socket.write(MESSAGE);
  });
}

/** A round trip of 8 bytes over loopback TCP to a process that echoes. */
export async function openRoundTrip(): Promise<{ readonly floor: Floor; close(): Promise<void> }> {
  // The echo process ends when its standard input closes, so it cannot outlive this one.
  const child = spawn(process.execPath, [fileURLToPath(beside(import.meta.url, 'echo-entry'))], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [line] = await Promise.race([once(child.stdout, 'data'), exited.then(() => [''])]);
  const port = Number(line);
  if (!(port > 0)) throw new Error(`tcp floor: expected the echo process to tell its port, got '${line}'`);
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  return {
    floor: {
      name: 'tcp-round-trip',
      async sample() {
        const startedNs = nowNs();
        for (let i = 0; i < ROUND_TRIPS; i++) await roundTrip(socket);
        return (nowNs() - startedNs) / ROUND_TRIPS;
      },
    },
    async close() {
      socket.destroy();
      child.stdin.end();
      await exited;
    },
  };
}
