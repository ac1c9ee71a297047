import test from 'ava';
import { MANAGER_DEFAULTS, managerOptions } from './options.ts';

test('what is not given is as the defaults say', (t) => {
  t.deepEqual(managerOptions({}), MANAGER_DEFAULTS);
  t.deepEqual(managerOptions({ port: 7_000 }), { ...MANAGER_DEFAULTS, port: 7_000 });
});

test('an option out of range is named, with what was expected and what came', (t) => {
  const messages = [
    { port: 65_536 },
    { heartbeatMs: 0 },
    { heartbeatMs: 500, suspectMs: 999 },
    { suspectMs: Number.NaN },
    { returnMs: 5_000 },
  ].map((given) => t.throws(() => managerOptions(given), { instanceOf: RangeError })?.message);
  t.deepEqual(messages, [
    'port: expected a whole number from 0 to 65535, got 65536',
    'heartbeatMs: expected 10 to 60000, got 0',
    'suspectMs: expected 1000 to 600000, got 999',
    'suspectMs: expected 1000 to 600000, got NaN',
    'returnMs: expected 10 to 3000, got 5000',
  ]);
});
