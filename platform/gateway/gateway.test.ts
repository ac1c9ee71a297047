import test from 'ava';
import { PheromoneError } from '../core/errors.ts';
import { bundleId, encodeBundle } from '../store/bundles.ts';
import { spanOf } from '../wire/testing/spans.ts';
import { startGateway } from './gateway.ts';
import { FakePlatform, resultOf } from './testing/fake-platform.ts';
import { callsOf, comesTrue, gatewayOf } from './testing/gateway.ts';

test('a call takes any bytes of any content type and answers with the bytes of the first output', async (t) => {
  const { ask, platform } = await gatewayOf(t);
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (const type of ['application/octet-stream', 'application/json', 'text/plain', 'x/y; a=b', undefined]) {
    const answer = await ask('POST', callsOf('echo'), bytes, type === undefined ? {} : { 'content-type': type });
    t.is(answer.status, 200);
    t.is(answer.headers.get('content-type'), 'application/octet-stream');
    t.is(answer.headers.get('pheromone-source'), 'echo');
    t.deepEqual(platform.calls.at(-1)?.input, Buffer.from(bytes));
  }
});

test('a call without a body has an empty input', async (t) => {
  const { ask, platform } = await gatewayOf(t);
  const answer = await ask('POST', callsOf('echo'));
  t.deepEqual([answer.status, answer.text, platform.calls[0]?.input.length], [200, '', 0]);
});

test('the large body of a call arrives whole, and its answer too', async (t) => {
  const { ask } = await gatewayOf(t);
  const body = 'abcdefgh'.repeat(500_000);
  const answer = await ask('POST', callsOf('echo'), body);
  t.is(answer.text, body);
});

test('what a call asks for reaches the platform, and what is not asked for does not', async (t) => {
  const { ask, platform } = await gatewayOf(t);
  await ask('POST', `${callsOf('twice')}?answer=all&deadlineMs=1500&trace=true`);
  await ask('POST', callsOf('twice'));
  t.deepEqual(
    platform.calls.map(({ app, fn, options }) => ({ app, fn, options: { ...options } })),
    [
      { app: 'a', fn: 'twice', options: { answer: 'all', deadlineMs: 1500, trace: true } },
      { app: 'a', fn: 'twice', options: {} },
    ],
  );
});

test('all outputs, or a trace, come as JSON with bytes in base64', async (t) => {
  const { ask } = await gatewayOf(t);
  const all = await ask('POST', `${callsOf('twice')}?answer=all`);
  const traced = await ask('POST', `${callsOf('twice')}?trace=true`);
  const output = { source: 'f', key: '', group: '' };
  t.regex(all.headers.get('content-type') ?? '', /^application\/json/);
  t.deepEqual(all.json, {
    outputs: [
      { ...output, base64: Buffer.from('one').toString('base64') },
      { ...output, base64: Buffer.from('two').toString('base64') },
    ],
    spans: [spanOf('twice', 1, 2)],
  });
  t.deepEqual(traced.json, all.json);
  t.deepEqual((await ask('POST', `${callsOf('none')}?answer=all`)).json, { outputs: [], spans: [] });
});

test('names and keys of any script travel percent-encoded', async (t) => {
  const { ask, platform } = await gatewayOf(t);
  const answer = await ask('POST', `/v1/apps/${encodeURIComponent('Häuser 1')}/functions/keyed/calls`);
  t.is(platform.calls[0]?.app, 'Häuser 1');
  t.is(decodeURIComponent(answer.headers.get('pheromone-key') ?? ''), 'Schlüssel/1');
});

test('an asynchronous call answers at once with its run, which has the result once it is over', async (t) => {
  const { ask, platform } = await gatewayOf(t);
  const started = await ask('POST', `${callsOf('later')}?async=true&answer=all`, 'x');
  const path = started.headers.get('location') ?? '';
  t.is(started.status, 202);
  t.is(path, `/v1/runs/${started.json.id}`);
  t.like((await ask('GET', path)).json, { state: 'running', app: 'a', fn: 'later' });
  platform.calls[0]?.finish(resultOf('done'));
  t.true(await comesTrue(async () => (await ask('GET', path)).json.state !== 'running'));
  const { json } = await ask('GET', path);
  t.like(json, { state: 'succeeded', result: { outputs: [{ base64: Buffer.from('done').toString('base64') }] } });
  t.true(Date.parse(json.endedAt as string) >= Date.parse(json.startedAt as string));
  t.is((await ask('DELETE', path)).json.state, 'succeeded');
});

test('the trace of a run comes in the format that is asked for, and is one of nothing where there is none', async (t) => {
  const { ask } = await gatewayOf(t);
  const { json } = await ask('POST', `${callsOf('twice')}?async=true&trace=true`);
  const path = `/v1/runs/${json.id}`;
  t.true(await comesTrue(async () => (await ask('GET', path)).json.state === 'succeeded'));
  const chrome = await ask('GET', `${path}/trace`);
  t.like((chrome.json.traceEvents as object[]).at(-1), { ph: 'X', name: 'twice' });
  const otlp = await ask('GET', `${path}/trace?format=otlp`);
  t.like(otlp.json, { resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'a' }, { name: 'twice' }] }] }] });
  t.like((await ask('GET', `${path}/trace?format=svg`)).json, { status: 400, code: 'INVALID_ARGUMENT' });
  const failed = await ask('POST', `${callsOf('fail-FUNCTION_FAILED')}?async=true&trace=true`);
  t.deepEqual((await ask('GET', `/v1/runs/${failed.json.id}/trace`)).json.traceEvents, []);
});

test('a run that failed says why, with the code and status that the call would have had', async (t) => {
  const { ask } = await gatewayOf(t);
  const { json } = await ask('POST', `${callsOf('fail-FUNCTION_FAILED')}?async=true`);
  t.true(await comesTrue(async () => (await ask('GET', `/v1/runs/${json.id}`)).json.state === 'failed'));
  t.like((await ask('GET', `/v1/runs/${json.id}`)).json, { error: { code: 'FUNCTION_FAILED', status: 502 } });
});

test('a run that is deleted is cancelled', async (t) => {
  const { ask, platform } = await gatewayOf(t);
  const { json } = await ask('POST', `${callsOf('later')}?async=true`);
  const deleted = await ask('DELETE', `/v1/runs/${json.id}`);
  t.like(deleted.json, { state: 'cancelled', error: { code: 'CANCELLED' } });
  t.true(platform.calls[0]?.isCancelled);
  t.is((await ask('GET', `/v1/runs/${json.id}`)).json.state, 'cancelled');
});

test('a run that there is not is UNKNOWN_RUN, and an id that is none INVALID_ARGUMENT', async (t) => {
  const { ask } = await gatewayOf(t);
  for (const [method, end] of [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/events'],
    ['GET', '/trace'],
  ] as const) {
    t.like((await ask(method, `/v1/runs/00000000-0000-4000-8000-000000000000${end}`)).json, { status: 404, code: 'UNKNOWN_RUN' });
    t.like((await ask(method, `/v1/runs/1${end}`)).json, { status: 400, code: 'INVALID_ARGUMENT' });
  }
});

test('an app is registered, listed and taken back', async (t) => {
  const { ask, platform } = await gatewayOf(t);
  const definition = { functions: [{ name: 'f', module: 'file:///m.js', export: 'f', config: { deep: [1] } }], buckets: [], triggers: [] };
  t.is((await ask('PUT', '/v1/apps/a', JSON.stringify(definition))).status, 204);
  t.deepEqual(platform.apps.get('a') as unknown, { ...definition, name: 'a' });
  t.deepEqual((await ask('GET', '/v1/apps')).json, { apps: ['a'] });
  t.is((await ask('DELETE', '/v1/apps/a')).status, 204);
  t.like((await ask('DELETE', '/v1/apps/a')).json, { status: 404, code: 'UNKNOWN_APP' });
});

for (const [what, body] of [
  ['nothing', undefined],
  ['no JSON', '{'],
  ['no UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
  ['a list', '[]'],
  ['null', 'null'],
  ['another name than the path', '{"name":"b"}'],
] as const) {
  test(`a definition that is ${what} is INVALID_ARGUMENT`, async (t) => {
    const { ask, platform } = await gatewayOf(t);
    t.like((await ask('PUT', '/v1/apps/a', body)).json, { status: 400, code: 'INVALID_ARGUMENT' });
    t.is(platform.apps.size, 0);
  });
}

test('a bundle is stored and told by its id, and what is none is INVALID_ARGUMENT', async (t) => {
  const { ask } = await gatewayOf(t);
  const bundle = encodeBundle([{ path: 'index.js', bytes: Buffer.from('code') }]);
  const answer = await ask('PUT', '/v1/bundles', bundle);
  t.is(answer.status, 200);
  t.deepEqual(answer.json, { id: bundleId(bundle) });
  for (const body of [undefined, 'no bundle', bundle.subarray(0, -1)]) {
    t.like((await ask('PUT', '/v1/bundles', body)).json, { status: 400, code: 'INVALID_ARGUMENT' });
  }
});

test('what the platform says of a definition is passed on', async (t) => {
  const { ask } = await gatewayOf(t);
  const answer = await ask('PUT', '/v1/apps/a', JSON.stringify({ functions: [{ module: 'nowhere' }] }));
  t.like(answer.json, { status: 422, code: 'FUNCTION_LOAD_FAILED', detail: 'no such module' });
});

test('an event is handed over and accepted', async (t) => {
  const { ask, platform } = await gatewayOf(t);
  const answer = await ask('POST', '/v1/apps/a/functions/echo/events?deadlineMs=5', 'event');
  t.deepEqual([answer.status, answer.text], [202, '']);
  t.deepEqual({ ...platform.calls[0]?.options }, { deadlineMs: 5 });
  t.is(platform.calls[0]?.input.toString(), 'event');
  t.like((await ask('POST', '/v1/apps/a/functions/fail-UNKNOWN_APP/events', 'event')).json, { status: 404, code: 'UNKNOWN_APP' });
});

test('the status is the platform’s, and ready is who has a platform that answers', async (t) => {
  const { ask, platform } = await gatewayOf(t, { limits: { readyMs: 30 } });
  t.like((await ask('GET', '/v1/status')).json, { sessions: 0, executors: [{ state: 'idle' }] });
  t.is((await ask('GET', '/readyz')).status, 200);
  platform.isResponsive = false;
  t.like((await ask('GET', '/readyz')).json, { status: 504, code: 'DEADLINE_EXCEEDED' });
  t.is((await ask('GET', '/healthz')).status, 200);
});

test('metrics count requests by route and status, and say what is under way', async (t) => {
  const { ask } = await gatewayOf(t);
  await ask('POST', callsOf('echo'));
  await ask('POST', callsOf('fail-OVERLOADED'));
  await ask('GET', '/nowhere');
  await ask('POST', `${callsOf('later')}?async=true`);
  const metrics = await ask('GET', '/metrics');
  t.regex(metrics.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const route = 'route="/v1/apps/:app/functions/:fn/calls"';
  for (const line of [
    `pheromone_gateway_request_seconds_count{method="POST",${route},status="200"} 1`,
    `pheromone_gateway_request_seconds_count{method="POST",${route},status="429"} 1`,
    `pheromone_gateway_request_seconds_count{method="GET",route="none",status="404"} 1`,
    'pheromone_gateway_runs_under_way 1',
    'pheromone_gateway_requests_under_way 1',
    'pheromone_gateway_platform_up 1',
    'pheromone_executors{node=""} 1',
    '# TYPE pheromone_forwarded_total counter',
    `pheromone_forwarded_total{node=""} ${'forwardedTotal'.length}`,
  ]) {
    t.true(metrics.text.includes(`${line}\n`), line);
  }
  t.regex(metrics.text, /^process_resident_memory_bytes \d+$/m);
});

test('metrics come also where the platform says nothing, without its own', async (t) => {
  const { ask, platform } = await gatewayOf(t, { limits: { readyMs: 30 } });
  platform.isResponsive = false;
  const { status, text } = await ask('GET', '/metrics');
  t.is(status, 200);
  t.notRegex(text, /^pheromone_executors\{/m);
  t.regex(text, /^pheromone_gateway_connections /m);
});

test('a gateway starts without its platform, says so, and finds it when it is there', async (t) => {
  const platform = new FakePlatform();
  platform.isUp = false;
  const { ask } = await gatewayOf(t, { limits: { reconnectMinMs: 1, reconnectMaxMs: 5 } }, platform);
  const refused = await ask('POST', callsOf('echo'), 'x');
  t.like(refused.json, { status: 503, code: 'DISCONNECTED', retryable: true });
  t.is(refused.headers.get('retry-after'), '1');
  t.is((await ask('GET', '/readyz')).status, 503);
  t.is((await ask('GET', '/healthz')).status, 200);
  platform.isUp = true;
  t.true(await comesTrue(async () => (await ask('GET', '/readyz')).status === 200));
  platform.isUp = false;
  platform.lose();
  t.is((await ask('POST', callsOf('echo'))).status, 503);
  platform.isUp = true;
  t.true(await comesTrue(async () => (await ask('POST', callsOf('echo'))).status === 200));
});

test('stopping waits for calls under way, cancels runs, and takes no more connections', async (t) => {
  const { ask, platform, stop } = await gatewayOf(t);
  await ask('POST', `${callsOf('later')}?async=true`);
  const call = ask('POST', callsOf('later'));
  t.true(await comesTrue(() => platform.calls.length === 2));
  const stopped = stop();
  platform.calls[1]?.finish(resultOf('in time'));
  t.is((await call).text, 'in time');
  await stopped;
  t.true(platform.calls[0]?.isCancelled);
  await t.throwsAsync(ask('GET', '/healthz'));
});

test('stopping does not wait for ever', async (t) => {
  const { ask, platform, stop } = await gatewayOf(t, { limits: { drainMs: 20 } });
  const call = ask('POST', callsOf('later'));
  t.true(await comesTrue(() => platform.calls.length === 1));
  const [, outcome] = await Promise.all([stop(), t.throwsAsync(call)]);
  t.truthy(outcome);
  t.true(await comesTrue(() => platform.calls[0]?.isCancelled === true));
});

test('a gateway whose address is taken rejects with DISCONNECTED', async (t) => {
  const { port } = await gatewayOf(t);
  const error = await t.throwsAsync(startGateway({ port }, new FakePlatform()), { instanceOf: PheromoneError });
  t.is(error?.code, 'DISCONNECTED');
});
