import test from 'ava';
import fc from 'fast-check';
import { WHOLE } from './credit.ts';
import { formatSpan, headersOf, joinLineages, type Message, messageOf, parseSpans, splitLineage } from './message.ts';
import { decodeParts, encodeParts } from './parts.ts';

test('A message survives its headers, which are plain ASCII', (t) => {
  const text = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(text, text, fc.boolean(), fc.constantFrom('', '0-1;', '0-1;1-7;'), (key, group, hasValue, aside) => {
      const message: Message = {
        lineage: { session: '3.14', credits: new Map([['s', WHOLE]]), spans: 'f,1,2;', aside },
        value: { from: 'f', key, group },
        hasValue,
        item: { dependency: 1, instance: '0-7', index: 2, count: 3 },
      };
      const headers = headersOf(message);
      t.true(Object.values(headers).every((value) => /^[\x20-\x7e]*$/.test(value)));
      t.deepEqual(messageOf(headers), message);
    }),
    { numRuns: 50 },
  );
});

test('Spans survive their text', (t) => {
  const spans = [
    { fn: 'a-1', startedNs: 1234567890123456, endedNs: 1234567890123500 },
    { fn: 'b', startedNs: 0, endedNs: 0 },
  ];
  t.deepEqual(parseSpans(spans.map(formatSpan).join('')), spans);
  t.deepEqual(parseSpans(''), []);
});

test('A lineage that is split and joined again is what it was', (t) => {
  const lineage = { session: '1.1', credits: new Map([['s', WHOLE]]), spans: 'f,1,2;', aside: '0-4;' };
  const parts = splitLineage(lineage, 7);
  t.is(parts.length, 7);
  t.deepEqual(parts.reduce(joinLineages), lineage);
});

test('Parts survive their body, and a body cut short is refused', (t) => {
  const values = [
    { key: 'ä', group: 'g', bytes: Buffer.from([1, 0, 255]) },
    { key: '', group: '', bytes: Buffer.alloc(0) },
  ];
  const body = encodeParts(values);
  t.deepEqual(decodeParts(body), values);
  t.throws(() => decodeParts(body.subarray(0, 10)), { instanceOf: RangeError });
  t.deepEqual(decodeParts(encodeParts([])), []);
});
