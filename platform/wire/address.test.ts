import test from 'ava';
import { parseAddress } from './address.ts';

test('an address is split at its port', (t) => {
  t.deepEqual(parseAddress('manager', '127.0.0.1:7000'), { host: '127.0.0.1', port: 7000 });
  t.deepEqual(parseAddress('manager', '[::1]:65535'), { host: '::1', port: 65_535 });
});

for (const address of ['', 'host', ':80', 'host:', 'host:65536', 'host:8x', '[]:1']) {
  test(`"${address}" is no address`, (t) => {
    t.throws(() => parseAddress('manager', address), { instanceOf: RangeError, message: `manager: expected host:port, got "${address}"` });
  });
}
