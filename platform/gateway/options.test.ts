import test from 'ava';
import { GATEWAY_LIMITS } from './limits.ts';
import { gatewayOptions } from './options.ts';

const TOKEN = 'a-token-that-is-long-enough';

test('defaults are filled in, limits one by one', (t) => {
  const { host, limits } = gatewayOptions({ limits: { runs: 5 } });
  t.is(host, '127.0.0.1');
  t.deepEqual(limits, { ...GATEWAY_LIMITS, runs: 5 });
});

test('an address that others can reach demands a token', (t) => {
  t.throws(() => gatewayOptions({ host: '0.0.0.0' }), {
    instanceOf: RangeError,
    message: /^host: expected a loopback address where there is no token/,
  });
  t.is(gatewayOptions({ host: '0.0.0.0', token: TOKEN }).host, '0.0.0.0');
});

for (const [given, message] of [
  [{ port: 65_536 }, /^port: expected a whole number from 0 to 65535, got 65536$/],
  [{ upstreamPort: 1.5 }, /^upstreamPort: /],
  [{ token: 'short' }, /^token: expected at least 16 visible ASCII characters, got 5 characters$/],
  [{ token: `${TOKEN}\n` }, /^token: /],
  [{ tlsCert: 'x' }, /^tlsCert and tlsKey: expected both or none, got a certificate alone$/],
  [{ tlsKey: 'x' }, /^tlsCert and tlsKey: /],
  [{ limits: { runs: 0 } }, /^limits\.runs: expected a whole number from 1 to/],
  [{ limits: { colour: 1 } }, /^limits: expected one of bodyBytes, .*, got colour$/],
] as const) {
  test(`${JSON.stringify(given)} is refused, and the token is not told`, (t) => {
    const error = t.throws(() => gatewayOptions(given as object), { instanceOf: RangeError, message });
    t.notRegex(error?.message ?? '', /short|long-enough/);
  });
}
