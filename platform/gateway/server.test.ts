import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { GatewayLimits } from './limits.ts';
import { resultOf } from './testing/fake-platform.ts';
import { callsOf, comesTrue, gatewayOf, readAll, type TestGateway } from './testing/gateway.ts';

const HEAD = `POST ${callsOf('later')} HTTP/1.1\r\nhost: localhost\r\n`;

async function metricOf({ ask }: TestGateway, name: string): Promise<number> {
  const { text } = await ask('GET', '/metrics');
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
}

function limited(t: ExecutionContext, limits: Partial<GatewayLimits>): Promise<TestGateway> {
  return gatewayOf(t, { limits });
}

test('a client that goes away in the middle of a call has it cancelled', async (t) => {
  const gateway = await gatewayOf(t);
  const { dial, platform } = gateway;
  const socket = await dial(`${HEAD}content-length: 1\r\n\r\nx`);
  t.true(await comesTrue(() => platform.calls.length === 1));
  t.false(platform.calls[0]?.isCancelled);
  socket.destroy();
  t.true(await comesTrue(() => platform.calls[0]?.isCancelled === true));
  const gone = 'pheromone_gateway_request_seconds_count{method="POST",route="/v1/apps/:app/functions/:fn/calls",status="499"}';
  t.true(await comesTrue(async () => (await metricOf(gateway, gone)) === 1));
});

test('a client that goes away in the middle of its body starts nothing', async (t) => {
  const gateway = await gatewayOf(t);
  const socket = await gateway.dial(`${HEAD}content-length: 10\r\n\r\nxxx`);
  t.true(await comesTrue(async () => (await metricOf(gateway, 'pheromone_gateway_bodies_bytes')) === 3));
  socket.destroy();
  t.true(await comesTrue(async () => (await metricOf(gateway, 'pheromone_gateway_bodies_bytes')) === 0));
  t.deepEqual(gateway.platform.calls, []);
});

test('a body beyond the limit is OBJECT_TOO_LARGE, announced or not', async (t) => {
  const { ask, dial, platform } = await limited(t, { bodyBytes: 10, definitionBytes: 20 });
  t.like((await ask('POST', callsOf('echo'), 'x'.repeat(11))).json, { status: 413, code: 'OBJECT_TOO_LARGE' });
  const chunked = await dial(`${HEAD}transfer-encoding: chunked\r\n\r\n8\r\nxxxxxxxx\r\n8\r\nxxxxxxxx\r\n`);
  t.regex(await readAll(chunked), /^HTTP\/1\.1 413 [\s\S]*OBJECT_TOO_LARGE/);
  t.like((await ask('PUT', '/v1/apps/a', 'x'.repeat(21))).json, { status: 413, code: 'OBJECT_TOO_LARGE' });
  t.is((await ask('POST', callsOf('echo'), 'x'.repeat(10))).status, 200);
  t.is(platform.calls.length, 1);
});

test('bodies beyond what all of them may hold are OVERLOADED until there is room again', async (t) => {
  const gateway = await limited(t, { bodiesBytes: 10 });
  const { ask, platform } = gateway;
  const first = ask('POST', callsOf('later'), 'x'.repeat(8));
  t.true(await comesTrue(() => platform.calls.length === 1));
  t.like((await ask('POST', callsOf('echo'), 'x'.repeat(8))).json, { status: 429, code: 'OVERLOADED' });
  platform.calls[0]?.finish(resultOf(''));
  t.is((await first).status, 200);
  t.true(await comesTrue(async () => (await metricOf(gateway, 'pheromone_gateway_bodies_bytes')) === 0));
  t.is((await ask('POST', callsOf('echo'), 'x'.repeat(8))).status, 200);
});

test('requests beyond the limit are OVERLOADED', async (t) => {
  const { ask, platform } = await limited(t, { requests: 1 });
  const first = ask('POST', callsOf('later'));
  t.true(await comesTrue(() => platform.calls.length === 1));
  t.like((await ask('POST', callsOf('echo'))).json, { status: 429, code: 'OVERLOADED', retryable: true });
  t.is((await ask('GET', '/healthz')).status, 200);
  platform.calls[0]?.finish(resultOf(''));
  t.is((await first).status, 200);
});

test('connections beyond the limit are closed', async (t) => {
  const { dial, ask } = await limited(t, { connections: 1 });
  const first = await dial('');
  const second = await dial('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
  t.is(await readAll(second), '');
  first.destroy();
  t.true(
    await comesTrue(() =>
      ask('GET', '/healthz')
        .then(({ status }) => status === 200)
        .catch(() => false),
    ),
  );
});

// One at a time: a thread that is busy with other tests looks to these clients like a slow one, and the other way round.
for (const [what, sent] of [
  ['its headers', 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n'],
  ['nothing at all', ''],
  ['its body', `${HEAD}content-length: 1000\r\n\r\nxxx`],
] as const) {
  test.serial(`a client that is slow with ${what} is refused with REQUEST_TIMED_OUT`, async (t) => {
    const { dial, platform } = await limited(t, { headersMs: 100, requestMs: 200, checkMs: 10 });
    const socket = await dial(sent);
    // It does go on, but too slowly.
    const drip = setInterval(() => socket.write(sent === '' ? '' : 'x'), 20);
    t.teardown(() => clearInterval(drip));
    const answer = await readAll(socket);
    t.regex(answer, /^HTTP\/1\.1 408 [\s\S]*REQUEST_TIMED_OUT/);
    t.deepEqual(platform.calls, []);
  });
}

test('a connection that is idle after its request is closed', async (t) => {
  const { dial } = await limited(t, { keepAliveMs: 20 });
  t.regex(await readAll(await dial('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')), /^HTTP\/1\.1 200 /);
});

test.serial('a client that takes nothing of a large answer is cut off', async (t) => {
  const gateway = await limited(t, { stallMs: 300 });
  const socket = await gateway.dial(`POST ${callsOf('large')} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n100000000`);
  socket.pause();
  t.true(await comesTrue(() => gateway.platform.calls.length === 1));
  t.true(await comesTrue(async () => (await metricOf(gateway, 'pheromone_gateway_requests_under_way')) === 1));
});

test.serial('a client that waits for its answer is not cut off, however quiet it is', async (t) => {
  const { ask, platform } = await limited(t, { stallMs: 200 });
  const call = ask('POST', callsOf('later'));
  t.true(await comesTrue(() => platform.calls.length === 1));
  await sleep(700);
  platform.calls[0]?.finish(resultOf('at last'));
  t.is((await call).text, 'at last');
});

test('headers beyond the limit are HEADERS_TOO_LARGE, and what is no HTTP is MALFORMED_REQUEST', async (t) => {
  const { dial } = await limited(t, { headerBytes: 1_024 });
  const large = await dial(`GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(2_000)}\r\n\r\n`);
  t.regex(await readAll(large), /^HTTP\/1\.1 431 [\s\S]*HEADERS_TOO_LARGE/);
  for (const text of [
    'nonsense\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01',
    'GET / HTTP/1.1\r\n\r\n',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n',
  ]) {
    t.regex(await readAll(await dial(text)), /^HTTP\/1\.1 400 /, text);
  }
});

for (const [what, path] of [
  ['the parent folder', '/v1/apps/%2e%2e/functions/f/calls'],
  ['a slash', '/v1/apps/a%2Fb/functions/f/calls'],
  ['a backslash', '/v1/apps/a/functions/%5C/calls'],
  ['a control character', '/v1/apps/a/functions/a%00/calls'],
  ['more characters than a name has', `/v1/apps/${'a'.repeat(129)}/functions/f/calls`],
  ['more characters than any', `/v1/apps/${'a'.repeat(3_000)}/functions/f/calls`],
  ['broken percent-encoding', '/v1/apps/%E0%A4%A/functions/f/calls'],
] as const) {
  test(`a name with ${what} is refused`, async (t) => {
    const { dial, platform } = await gatewayOf(t);
    const socket = await dial(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    t.regex(await readAll(socket), /^HTTP\/1\.1 (400 [\s\S]*"INVALID_ARGUMENT"|404 [\s\S]*"UNKNOWN_ROUTE")/);
    t.deepEqual(platform.calls, []);
  });
}

for (const query of [
  'answer=most',
  'answer=all&answer=first',
  'deadlineMs=0',
  'deadlineMs=-1',
  'deadlineMs=soon',
  'deadlineMs=1e99',
  'trace=perhaps',
  'async=2',
  'colour=red',
]) {
  test(`${query} is INVALID_ARGUMENT with what came`, async (t) => {
    const { ask, platform } = await gatewayOf(t);
    const { json } = await ask('POST', `${callsOf('echo')}?${query}`);
    t.like(json, { status: 400, code: 'INVALID_ARGUMENT' });
    t.regex(json.detail as string, /^query.*: expected .*, got /);
    t.deepEqual(platform.calls, []);
  });
}

test('a route or method that there is not is UNKNOWN_ROUTE', async (t) => {
  const { ask } = await gatewayOf(t);
  for (const [method, path] of [
    ['GET', '/'],
    ['POST', '/v1/apps'],
    ['HEAD', '/healthz'],
    ['GET', callsOf('f')],
    ['PUT', '/v1/apps/a/b'],
  ] as const) {
    const answer = await ask(method, path);
    t.is(answer.status, 404, `${method} ${path}`);
    if (method !== 'HEAD') t.is(answer.json.code, 'UNKNOWN_ROUTE');
  }
});

test('answers keep to the order of requests on one connection, whichever is ready first', async (t) => {
  const { dial, platform } = await gatewayOf(t);
  const socket = await dial(`${HEAD}content-length: 1\r\n\r\n1GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  t.true(await comesTrue(() => platform.calls.length === 1));
  platform.calls[0]?.finish(resultOf('first'));
  t.regex(await readAll(socket), /first[\s\S]*\{"status":"ok"\}/);
});
