import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endpoint } from '@restatedev/restate-sdk';
import test, { type ExecutionContext } from 'ava';
import type { Support } from '../../workloads/api/driver.ts';
import { CAPABILITIES } from './capabilities.ts';
import type { Style } from './compile.ts';
import { RestateHttp } from './http.ts';
import * as callsBatch from './idiomatic/calls/batch.ts';
import * as callsBatchOfApp from './idiomatic/calls/batch-app.ts';
import * as callsGroup from './idiomatic/calls/group.ts';
import * as callsKOutOfN from './idiomatic/calls/k-out-of-n.ts';
import * as callsWindow from './idiomatic/calls/window.ts';
import * as callsWindowOfApp from './idiomatic/calls/window-app.ts';
import * as callsWork from './idiomatic/calls/work-service.ts';
import * as stepsBatch from './idiomatic/steps/batch.ts';
import * as stepsBatchOfApp from './idiomatic/steps/batch-app.ts';
import * as stepsGroup from './idiomatic/steps/group.ts';
import * as stepsKOutOfN from './idiomatic/steps/k-out-of-n.ts';
import * as stepsWindow from './idiomatic/steps/window.ts';
import * as stepsWindowOfApp from './idiomatic/steps/window-app.ts';
import { delivered } from './idiomatic/work.ts';
import { startServer } from './server.ts';

const MODULES: Readonly<Record<Style, readonly object[]>> = {
  calls: [callsBatch, callsWindow, callsKOutOfN, callsGroup, callsBatchOfApp, callsWindowOfApp, callsWork],
  steps: [stepsBatch, stepsWindow, stepsKOutOfN, stepsGroup, stepsBatchOfApp, stepsWindowOfApp],
};
const PATIENCE_MS = 20_000;

/** Serves the definitions to a Restate server and hands `use` the address of its ingress. */
async function withRestate(modules: readonly object[], use: (ingress: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'restate-idiomatic-'));
  const services = endpoint().setLogger(() => {});
  for (const definition of modules.flatMap((module) => Object.values(module))) services.bind(definition);
  const sessions = new Set<ServerHttp2Session>();
  const listener = createServer(services.http2Handler()).on('session', (session) => sessions.add(session));
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const server = await startServer(join(folder, 'server'), 1);
  const http = new RestateHttp({ ...server.ports, functions: 0 });
  try {
    await http.register(`http://127.0.0.1:${(listener.address() as AddressInfo).port}`);
    await use(`http://127.0.0.1:${server.ports.ingress}`);
  } finally {
    await http.close();
    const gone = once(server.process, 'exit');
    server.process.kill('SIGKILL');
    await gone;
    for (const session of sessions) session.destroy();
    listener.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function call(url: string, value: string): Promise<unknown> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(value), signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function checkSessions(t: ExecutionContext, runOf: (name: string) => string): Promise<void> {
  t.deepEqual(await call(runOf('batch'), 'aabbc'), ['a+a', 'b+b']);
  t.deepEqual(((await call(runOf('window'), 'abc')) as string[]).join('+').split('+').sort(), ['A', 'B', 'C']);
  t.is(await call(runOf('kOutOfN'), 'x'), 'X+X');
  t.deepEqual(((await call(runOf('group'), 'ab a cc')) as string[]).sort(), ['a+a', 'b', 'c+c']);
}

async function checkApps(t: ExecutionContext, ingress: string): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  for (const [name, values, expected] of [['batchOfApp', ['x', 'y'], 'x+y'] as const, ['windowOfApp', ['z'], 'z'] as const]) {
    const arrived = once(delivered, 'value', { signal });
    for (const value of values) await call(`${ingress}/${name}/any/add`, value);
    t.deepEqual(await arrived, [expected]);
  }
}

test.serial('The definitions by hand as service calls do what the patterns say', async (t) => {
  await withRestate(MODULES.calls, async (ingress) => {
    await checkSessions(t, (name) => `${ingress}/${name}/run`);
    await checkApps(t, ingress);
  });
});

test.serial('The definitions by hand as durable steps do what the patterns say', async (t) => {
  await withRestate(MODULES.steps, async (ingress) => {
    await checkSessions(t, (name) => `${ingress}/${name}/${name}-1/run`);
    await checkApps(t, ingress);
  });
});

test('The lines that are declared are those of the files', async (t) => {
  for (const { patterns, appScope } of Object.values(CAPABILITIES)) {
    for (const support of [...Object.values(patterns), ...Object.values(appScope ?? {})] as readonly Support[]) {
      if (support.kind !== 'emulated') continue;
      const text = await readFile(join(import.meta.dirname, '../..', support.definition!), 'utf8');
      const lines = text.replaceAll(/\/\*.*?\*\//gs, '').split('\n');
      t.is(lines.filter((line) => line.trim() !== '').length, support.lines!, support.definition);
    }
  }
});
