/** S3 servers for tests: a real MinIO, and one that runs in this process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface S3Server {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  stop(): Promise<void>;
}

/** Becomes the given command, and ends it when nobody holds the other end of stdin any more, however that came about. */
const ENDING_WITH_STDIN = 'exec 3<&0; (cat <&3 > /dev/null; kill -9 $$) 2> /dev/null & exec "$@" 3<&-';

/** Starts the MinIO of this path on a free loopback port, over a folder that is gone when it stops. */
export async function startMinio(binary: string): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'minio-'));
  const [accessKey, secretKey] = ['access-of-tests', 'secret-of-tests'];
  const command = [binary, 'server', '--address', '127.0.0.1:0', '--certs-dir', join(folder, 'certs'), join(folder, 'data')];
  const credentials = { MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey };
  const server = spawn('sh', ['-c', ENDING_WITH_STDIN, 'sh', ...command], {
    env: { ...credentials, PATH: process.env.PATH, HOME: folder, MINIO_BROWSER: 'off', MINIO_UPDATE: 'off' },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const ended = once(server, 'exit');
  const stop = async (): Promise<void> => {
    server.stdin.end();
    server.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  let said = '';
  const endpoint = await new Promise<string | undefined>((resolve) => {
    server.stderr.on('data', (chunk) => {
      said += chunk;
      const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
      if (address !== undefined) resolve(address);
    });
    void ended.then(() => resolve(undefined));
  });
  if (endpoint !== undefined) return { endpoint, accessKey, secretKey, stop };
  await stop();
  throw new Error(`expected ${binary} to say its address, but it ended: ${said}`);
}

/** Starts s3rver, which takes no values in parts. */
export async function startS3rver(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 's3rver-'));
  const S3rver = createRequire(import.meta.url)('s3rver') as new (
    options: object,
  ) => { run(): Promise<AddressInfo>; close(): Promise<void>; httpServer: Server };
  const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory: folder });
  const { port } = await server.run();
  const stop = async (): Promise<void> => {
    server.httpServer.closeAllConnections();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { endpoint: `http://127.0.0.1:${port}`, accessKey: 'S3RVER', secretKey: 'S3RVER', stop };
}
