import test from 'ava';
import { DriverError } from '../../workloads/api/driver.ts';
import { type Call, callSerde, checkSize, type Ended, endedSerde } from './envelope.ts';

const value = (text: string, key = '', group = '') => ({ from: 'f', key, group, bytes: Uint8Array.from(Buffer.from(text)) });

test('A call comes back as it was, labels of any characters and empty values included', (t) => {
  const call: Call = {
    run: '1-2',
    root: 'inv_x',
    fn: 'f',
    inputs: [value('ab', 'ä|\0🐋'), value('', '', 'g'), value('c')],
    isWatched: true,
  };
  t.deepEqual(callSerde.deserialize(callSerde.serialize(call)), call);
});

test('A result comes back as it was, wherever it lies in memory', (t) => {
  const ended: Ended = { values: [value('abc')], spans: [{ fn: 'f', startedNs: 1.5e18, endedNs: 2e18 }] };
  const within = Buffer.concat([Buffer.alloc(3), endedSerde.serialize(ended)]).subarray(3);
  t.deepEqual(endedSerde.deserialize(within), ended);
  const nothing: Ended = { values: [], spans: [] };
  t.deepEqual(endedSerde.deserialize(endedSerde.serialize(nothing)), nothing);
});

test('Values that are together larger than the limit are refused with both sizes', (t) => {
  t.notThrows(() => checkSize('values', [value('ab'), value('c')], 3));
  const error = t.throws(() => checkSize('values', [value('ab'), value('cd')], 3), { instanceOf: DriverError, code: 'PAYLOAD_TOO_LARGE' });
  t.is(error?.message, 'values: expected at most 3 bytes, got 4');
});
