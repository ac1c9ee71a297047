import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connectClient } from '../client/client.ts';
import { spawnRole } from '../launch/spawn.ts';
import { configureLog } from '../log/log.ts';
import { appOf, endsEmpty, fn, INPUT } from '../worker/testing/node.ts';
import { startGateway } from './gateway.ts';
import { comesTrue, eventsIn } from './testing/gateway.ts';

/** A worker node and a client of it. */
async function platformOf(t: ExecutionContext) {
  const worker = await spawnRole('worker', { arenaBytes: 2 ** 28 });
  t.teardown(() => worker.stop());
  const client = await connectClient({ host: '127.0.0.1', port: worker.port });
  t.teardown(() => client.close());
  return { worker, client };
}

const faults = (name: string) => fn('fault-bodies', name);

test('a process of its own serves calls, events and streams of a real node', async (t) => {
  const { worker, client } = await platformOf(t);
  const gateway = await spawnRole('gateway', { port: 0, upstreamPort: worker.port });
  t.teardown(() => gateway.stop());
  const base = `http://127.0.0.1:${gateway.port}`;
  const { name, ...definition } = appOf('a', ['echo', 'throwsError', 'waitsForSignal'].map(faults));
  t.is((await fetch(`${base}/v1/apps/${name}`, { method: 'PUT', body: JSON.stringify(definition) })).status, 204);

  const large = 'abcdefgh'.repeat(300_000);
  for (const body of ['', 'x', large]) {
    t.is(await (await fetch(`${base}/v1/apps/a/functions/echo/calls`, { method: 'POST', body })).text(), body);
  }
  const failed = await fetch(`${base}/v1/apps/a/functions/throwsError/calls`, { method: 'POST' });
  t.like(await failed.json(), { status: 502, code: 'FUNCTION_FAILED' });
  const late = await fetch(`${base}/v1/apps/a/functions/waitsForSignal/calls?deadlineMs=20`, { method: 'POST' });
  t.like(await late.json(), { status: 504, code: 'DEADLINE_EXCEEDED' });

  const stream = await fetch(`${base}/v1/apps/a/outputs`);
  t.is((await fetch(`${base}/v1/apps/a/functions/echo/events`, { method: 'POST', body: INPUT })).status, 202);
  t.true(await comesTrue(async () => (await client.status()).sessions === 0));
  await gateway.stop();
  const [outputs] = await eventsIn(stream);
  t.like(outputs, { event: 'outputs', data: { outputs: [{ source: 'echo', base64: INPUT.toString('base64') }] } });
  await endsEmpty(t, client);
});

test('a caller that goes away leaves no session behind', async (t) => {
  const { worker, client } = await platformOf(t);
  const { port, stop } = await startGateway({ port: 0, upstreamPort: worker.port });
  t.teardown(stop);
  await client.register(appOf('a', [faults('waitsForSignal')]));
  const caller = new AbortController();
  const call = fetch(`http://127.0.0.1:${port}/v1/apps/a/functions/waitsForSignal/calls`, { method: 'POST', signal: caller.signal });
  t.true(await comesTrue(async () => (await client.status()).sessions === 1));
  caller.abort();
  await t.throwsAsync(call);
  t.true(await comesTrue(async () => (await client.status()).sessions === 0));
});

test('a node that is killed is DISCONNECTED for its callers, and readiness says so', async (t) => {
  const { worker, client } = await platformOf(t);
  const { port, stop } = await startGateway({ port: 0, upstreamPort: worker.port });
  t.teardown(stop);
  await client.register(appOf('a', [faults('waitsForSignal')]));
  const call = fetch(`http://127.0.0.1:${port}/v1/apps/a/functions/waitsForSignal/calls`, { method: 'POST' });
  t.true(await comesTrue(async () => (await client.status()).sessions === 1));
  process.kill(worker.pid, 'SIGKILL');
  t.like(await (await call).json(), { status: 503, code: 'DISCONNECTED', retryable: true });
  t.is((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 503);
});

test('a definition that is nested deeper than anything can follow is refused, and all goes on', async (t) => {
  const { worker, client } = await platformOf(t);
  const { port, stop } = await startGateway({ port: 0, upstreamPort: worker.port });
  t.teardown(stop);
  const depth = 200_000;
  const config = '['.repeat(depth) + ']'.repeat(depth);
  const body = `{"functions":[{"name":"f","module":"file:///none.js","export":"f","config":${config}}],"buckets":[],"triggers":[]}`;
  const answer = await fetch(`http://127.0.0.1:${port}/v1/apps/a`, { method: 'PUT', body });
  t.regex(((await answer.json()) as { code: string }).code, /^(INVALID_ARGUMENT|INVALID_APP|FUNCTION_LOAD_FAILED)$/);
  t.deepEqual((await client.status()).apps, []);
});

test('a node that asks for the secret of the cluster is reached by a gateway that has it, and by no other', async (t) => {
  const security = { secret: 'a secret that is long enough for a cluster' };
  const worker = await spawnRole('worker', { arenaBytes: 2 ** 26 }, { security });
  t.teardown(() => worker.stop());
  const readiness = [security, undefined].map(async (each) => {
    const { port, stop } = await startGateway({ port: 0, upstreamPort: worker.port }, { security: each });
    t.teardown(stop);
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
  });
  t.deepEqual(await Promise.all(readiness), [200, 503]);
});

test('the log of requests has neither bodies nor queries nor tokens', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-log-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const logFile = join(folder, 'gateway.log');
  const token = 'never-to-be-written-anywhere';
  configureLog({ level: 'info' });
  // Port 1: nobody listens there.
  const gateway = await spawnRole('gateway', { port: 0, upstreamPort: 1, token, logRequests: true }, { logFile });
  t.teardown(() => gateway.stop());
  configureLog({ level: 'silent' });
  const url = `http://127.0.0.1:${gateway.port}/v1/apps/a/functions/f/calls?answer=in-the-query`;
  for (const authorization of [`Bearer ${token}`, 'Bearer another-one']) {
    await (await fetch(url, { method: 'POST', body: 'in-the-body', headers: { authorization } })).text();
  }
  await gateway.stop();
  const log = readFileSync(logFile, 'utf8');
  t.regex(log, /"method":"POST","path":"\/v1\/apps\/a\/functions\/f\/calls","status":400/);
  t.regex(log, /"status":401/);
  t.notRegex(log, /never-to-be|another-one|in-the-/);
});
