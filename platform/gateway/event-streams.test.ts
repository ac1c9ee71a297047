import test from 'ava';
import { PheromoneError } from '../core/errors.ts';
import { FakePlatform, resultOf } from './testing/fake-platform.ts';
import { callsOf, comesTrue, eventsIn, gatewayOf, readAll, type ServerSentEvent, type TestGateway } from './testing/gateway.ts';

const OUTPUTS = '/v1/apps/a/outputs';

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Follows a path until its stream ends. */
async function follow({ port }: TestGateway, path: string): Promise<ServerSentEvent[]> {
  return eventsIn(await fetch(`http://127.0.0.1:${port}${path}`));
}

test('the events of a run say that it runs, what came out, and that it is over', async (t) => {
  const gateway = await gatewayOf(t);
  const { json } = await gateway.ask('POST', `${callsOf('later')}?async=true`);
  const response = await fetch(`http://127.0.0.1:${gateway.port}/v1/runs/${json.id}/events`);
  t.is(response.headers.get('content-type'), 'text/event-stream');
  gateway.platform.calls[0]?.finish(resultOf('one', 'two'));
  const events = await eventsIn(response);
  t.deepEqual(
    events.map(({ event, data }) => [event, data.state ?? data.base64]),
    [
      ['state', 'running'],
      ['output', base64('one')],
      ['output', base64('two')],
      ['state', 'succeeded'],
      ['end', undefined],
    ],
  );
  t.deepEqual(
    (await follow(gateway, `/v1/runs/${json.id}/events`)).map(({ event }) => event),
    ['output', 'output', 'state', 'end'],
  );
});

test('the events of a run that fails end with why', async (t) => {
  const gateway = await gatewayOf(t);
  const { json } = await gateway.ask('POST', `${callsOf('fail-FUNCTION_FAILED')}?async=true`);
  const events = await follow(gateway, `/v1/runs/${json.id}/events`);
  t.like(events.at(-2), { event: 'state', data: { state: 'failed', error: { code: 'FUNCTION_FAILED' } } });
  t.is(events.at(-1)?.event, 'end');
});

test('whoever listens to an app is told of its outputs and faults, until the platform is lost', async (t) => {
  const gateway = await gatewayOf(t);
  const { platform } = gateway;
  const events = follow(gateway, `${OUTPUTS}?trace=true`);
  t.true(await comesTrue(() => platform.subscribers.size === 1));
  const [subscriber] = platform.subscribers;
  t.true(subscriber?.trace);
  subscriber?.onOutput(resultOf('x'));
  subscriber?.onFault?.(new PheromoneError('FUNCTION_FAILED', 'on purpose'));
  subscriber?.onFault?.(new PheromoneError('DISCONNECTED', 'the node is gone'));
  const [outputs, fault, error, ...rest] = await events;
  t.like(outputs, { event: 'outputs', data: { outputs: [{ base64: base64('x') }] } });
  t.like(fault, { event: 'fault', data: { code: 'FUNCTION_FAILED' } });
  t.like(error, { event: 'error', data: { code: 'DISCONNECTED', detail: 'the node is gone' } });
  t.deepEqual(rest, []);
});

test('outputs that come together with the consent to listen are not lost', async (t) => {
  const platform = new FakePlatform();
  const gateway = await gatewayOf(t, {}, {
    ...platform,
    connect: async () => {
      const client = await platform.connect();
      return {
        ...client,
        subscribe(app, options) {
          const subscription = client.subscribe(app, options);
          options.onOutput(resultOf('early'));
          options.onFault?.(new PheromoneError('DISCONNECTED', 'gone'));
          return subscription;
        },
      };
    },
  } as FakePlatform);
  t.deepEqual(
    (await follow(gateway, OUTPUTS)).map(({ event }) => event),
    ['outputs', 'error'],
  );
});

test('listening to an app that there is not is UNKNOWN_APP', async (t) => {
  const { ask } = await gatewayOf(t);
  t.like((await ask('GET', '/v1/apps/unknown/outputs')).json, { status: 404, code: 'UNKNOWN_APP' });
});

test('a listener that goes away is unsubscribed', async (t) => {
  const { dial, platform } = await gatewayOf(t);
  const socket = await dial(`GET ${OUTPUTS} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  t.true(await comesTrue(() => platform.subscribers.size === 1));
  socket.destroy();
  t.true(await comesTrue(() => platform.subscribers.size === 0));
});

test('a listener that does not read is cut off with OVERLOADED, and what waits for it stays within its bound', async (t) => {
  const { dial, platform } = await gatewayOf(t, { limits: { streamBytes: 100_000 } });
  const socket = await dial(`GET ${OUTPUTS} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  socket.pause();
  t.true(await comesTrue(() => platform.subscribers.size === 1));
  const [subscriber] = platform.subscribers;
  const output = resultOf('x'.repeat(1_000_000));
  for (let i = 0; i < 100; i++) {
    subscriber?.onOutput(output);
    await new Promise(setImmediate);
  }
  const text = await readAll(socket);
  const outputs = text.split('event: outputs').length - 1;
  t.true(outputs > 0 && outputs < 100, `${outputs}`);
  t.regex(text.slice(-1_000), /event: error\ndata: \{.*"code":"OVERLOADED".*\}\n\n/);
  t.true(await comesTrue(() => platform.subscribers.size === 0));
});

test('an output that is too large for JSON ends the stream with OBJECT_TOO_LARGE', async (t) => {
  const gateway = await gatewayOf(t, { limits: { jsonBytes: 10 } });
  const events = follow(gateway, OUTPUTS);
  t.true(await comesTrue(() => gateway.platform.subscribers.size === 1));
  for (const subscriber of gateway.platform.subscribers) subscriber.onOutput(resultOf('x'.repeat(11)));
  t.like(await events, [{ event: 'error', data: { code: 'OBJECT_TOO_LARGE' } }]);
});

test('streams beyond the limit are OVERLOADED', async (t) => {
  const { ask, dial, platform } = await gatewayOf(t, { limits: { streams: 1 } });
  await dial(`GET ${OUTPUTS} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  t.true(await comesTrue(() => platform.subscribers.size === 1));
  t.like((await ask('GET', OUTPUTS)).json, { status: 429, code: 'OVERLOADED' });
  const { json } = await ask('POST', `${callsOf('later')}?async=true`);
  t.is((await ask('GET', `/v1/runs/${json.id}/events`)).status, 429);
  t.is(platform.subscribers.size, 1);
});

test('a quiet stream says that it lives', async (t) => {
  const { dial } = await gatewayOf(t, { limits: { heartbeatMs: 5, stallMs: 200 } });
  const socket = await dial(`GET ${OUTPUTS} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  t.true(await comesTrue(() => text.split(': alive\n\n').length > 3));
});

test('stopping the gateway ends its streams with an error', async (t) => {
  const gateway = await gatewayOf(t);
  const events = follow(gateway, OUTPUTS);
  t.true(await comesTrue(() => gateway.platform.subscribers.size === 1));
  await gateway.stop();
  t.like(await events, [{ event: 'error', data: { code: 'DISCONNECTED' } }]);
  t.is(gateway.platform.subscribers.size, 0);
});
