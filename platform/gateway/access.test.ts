import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { newAuthority } from '../wire/testing/certificates.ts';
import { accessCheck } from './access.ts';
import { callsOf, gatewayOf, readAll } from './testing/gateway.ts';

const TOKEN = 'a-token-that-is-long-enough';

test('without the right token nothing but health and readiness is served', async (t) => {
  const { ask, platform } = await gatewayOf(t, { token: TOKEN });
  for (const authorization of [undefined, '', TOKEN, `Bearer ${TOKEN}x`, `bearer ${TOKEN}`, `Basic ${TOKEN}`]) {
    const answer = await ask('POST', callsOf('echo'), 'x', authorization === undefined ? {} : { authorization });
    t.like(answer.json, { status: 401, code: 'UNAUTHENTICATED' });
    t.is(answer.headers.get('www-authenticate'), 'Bearer');
  }
  for (const path of ['/v1/apps', '/v1/status', '/metrics', '/openapi.json', '/nowhere']) t.is((await ask('GET', path)).status, 401, path);
  for (const path of ['/healthz', '/readyz']) t.is((await ask('GET', path)).status, 200, path);
  t.deepEqual(platform.calls, []);
  t.is((await ask('POST', callsOf('echo'), 'x', { authorization: `Bearer ${TOKEN}` })).status, 200);
});

test('with a token it does not matter under which name the gateway is asked', (t) => {
  t.is(accessCheck(TOKEN)({ host: 'gateway.example', origin: 'https://example.org', authorization: `Bearer ${TOKEN}` }), undefined);
});

test('without a token, pages of other sites cannot ask through a browser', (t) => {
  const check = accessCheck(undefined);
  for (const host of ['localhost', 'localhost:8080', '127.0.0.1:8080', '127.9.9.9', '[::1]:8080', '[::1]']) {
    t.is(check({ host }), undefined, host);
    t.is(check({ host, origin: `http://${host}` }), undefined, host);
  }
  for (const host of ['', 'example.org', 'example.org:8080', '127.0.0.1.example.org', 'localhost.example.org', '[::2]', '10.0.0.1']) {
    t.is(check({ host })?.code, 'FORBIDDEN', host);
  }
  for (const origin of ['null', '', 'https://example.org', 'http://127.0.0.1.example.org', 'http://localhost@example.org']) {
    t.is(check({ host: 'localhost', origin })?.code, 'FORBIDDEN', origin);
  }
});

test('a page of another site is refused before its body is read', async (t) => {
  const { ask, platform } = await gatewayOf(t);
  t.like((await ask('POST', callsOf('echo'), 'x', { origin: 'https://example.org' })).json, { status: 403, code: 'FORBIDDEN' });
  t.deepEqual(platform.calls, []);
});

async function identity() {
  const authority = await newAuthority();
  const { cert, key, ca } = await authority.issue('localhost');
  return { tlsCert: `${cert}`, tlsKey: `${key}`, ca: `${ca}` };
}

test('with certificate and key the gateway speaks HTTPS', async (t) => {
  const { ca, ...options } = await identity();
  const { port } = await gatewayOf(t, options);
  const body = await new Promise<string>((resolve, reject) => {
    const options = {
      method: 'POST',
      host: '127.0.0.1',
      port,
      path: callsOf('echo'),
      ca,
      servername: 'localhost',
      agent: false,
    } as const;
    request(options, (response) => resolve(text(response)))
      .on('error', reject)
      .end('secret');
  });
  t.is(body, 'secret');
});

test('a client that speaks no TLS, or says nothing, is cut off from a gateway that speaks HTTPS', async (t) => {
  const { ca: _, ...options } = await identity();
  const { dial, platform } = await gatewayOf(t, { ...options, limits: { headersMs: 50, checkMs: 10 } });
  for (const sent of [`POST ${callsOf('echo')} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n`, '\x16\x03\x01', '']) {
    t.notRegex(await readAll(await dial(sent)), / 200 /);
  }
  t.deepEqual(platform.calls, []);
});
