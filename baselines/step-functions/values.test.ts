import test from 'ava';
import fc from 'fast-check';
import { checkSize, checkValue, DATA_LIMIT_BYTES, decodeValue, encodeValue, flatten, PAYLOAD_LIMIT_BYTES, regroup } from './values.ts';

test('Values survive as JSON, labels and all', (t) => {
  const text = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(text, fc.uint8Array(), text, text, (from, bytes, key, group) => {
      const decoded = decodeValue(JSON.parse(JSON.stringify(encodeValue(from, { bytes, key, group }))));
      t.deepEqual({ ...decoded, bytes: [...decoded.bytes] }, { from, key, group, bytes: [...bytes] });
    }),
  );
});

test('The largest value of the function with the longest name is within the limit of the service, with little to spare', (t) => {
  const value = encodeValue('f'.repeat(64), { bytes: new Uint8Array(PAYLOAD_LIMIT_BYTES), key: '', group: '' });
  const bytes = Buffer.byteLength(JSON.stringify([value]));
  t.true(bytes <= DATA_LIMIT_BYTES && bytes > DATA_LIMIT_BYTES - 10, `${bytes}`);
  t.notThrows(() => checkValue(new Uint8Array(PAYLOAD_LIMIT_BYTES), 'here'));
  t.throws(() => checkValue(new Uint8Array(PAYLOAD_LIMIT_BYTES + 1), 'here'), { code: 'PAYLOAD_TOO_LARGE' });
});

test('The limit counts bytes of UTF-8, not characters', (t) => {
  t.notThrows(() => checkSize('a'.repeat(DATA_LIMIT_BYTES), 'text'));
  t.throws(() => checkSize('ä'.repeat(DATA_LIMIT_BYTES / 2 + 1), 'text'), { code: 'PAYLOAD_TOO_LARGE', message: /got 262146/ });
});

test('Regrouping takes values however deep they lie and keeps their order', (t) => {
  const [a, b, c] = [
    { group: 'x', value: '1' },
    { group: 'y', value: '2' },
    { group: 'x', value: '3' },
  ] as const;
  t.deepEqual(flatten([[a], [[], [b, [c]]]]), [a, b, c]);
  t.deepEqual(regroup([[a], [[], [b, [c]]]]), [[a, c], [b]]);
  t.deepEqual(regroup([[], []]), []);
});
