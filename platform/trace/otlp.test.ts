import test from 'ava';
import { z } from 'zod';
import { toOtlp } from './otlp.ts';
import { ACROSS } from './testing/traces.ts';

const traceId = z.string().regex(/^(?!0+$)[0-9a-f]{32}$/);
const spanId = z.string().regex(/^(?!0+$)[0-9a-f]{16}$/);
const fixed64 = z.string().regex(/^\d{1,20}$/);
const attribute = z.strictObject({
  key: z.string().min(1),
  value: z.union([z.strictObject({ stringValue: z.string() }), z.strictObject({ intValue: z.string().regex(/^-?\d+$/) })]),
});

/** What OTLP/JSON demands of an ExportTraceServiceRequest: names in lowerCamelCase, ids in hexadecimal, 64-bit numbers as text, enums as numbers. */
const REQUEST = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes: z.array(attribute) }),
      scopeSpans: z.array(
        z.strictObject({
          scope: z.strictObject({ name: z.string() }),
          spans: z.array(
            z
              .strictObject({
                traceId,
                spanId,
                parentSpanId: spanId.optional(),
                name: z.string().min(1),
                kind: z.int().min(0).max(5),
                startTimeUnixNano: fixed64,
                endTimeUnixNano: fixed64,
                attributes: z.array(attribute),
                events: z.array(z.strictObject({ name: z.string(), timeUnixNano: fixed64 })).optional(),
              })
              .refine(({ startTimeUnixNano, endTimeUnixNano }) => BigInt(startTimeUnixNano) <= BigInt(endTimeUnixNano)),
          ),
        }),
      ),
    }),
  ),
});

const ABOUT = { app: 'words', endedAtMs: 1_800_000_000_000 };
const exported = REQUEST.parse(JSON.parse(JSON.stringify(toOtlp(ACROSS, ABOUT))));
const spans = exported.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));

test('spans are those of their node, of one trace, and each has an id of its own', (t) => {
  t.deepEqual(
    exported.resourceSpans.map(({ resource, scopeSpans }) => [
      resource.attributes.find(({ key }) => key === 'service.instance.id')?.value,
      scopeSpans[0]?.spans.map(({ name }) => name),
    ]),
    [
      [{ stringValue: 'a' }, ['words', 'split', 'work', 'join']],
      [{ stringValue: 'b' }, ['work', 'work', 'transfer from a']],
    ],
  );
  t.is(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  t.is(new Set(spans.map(({ spanId }) => spanId)).size, 7);
});

test('an invocation is below the one that sent the last of its inputs, the first one below the session', (t) => {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  t.deepEqual(
    spans.map(({ name, parentSpanId }) => `${name} < ${names.get(parentSpanId ?? '')}`),
    ['words < undefined', 'split < words', 'work < split', 'join < work', 'work < split', 'work < split', 'transfer from a < words'],
  );
});

test('times are those since 1970 at which the result was there, to the nanosecond', (t) => {
  t.like(spans[0], { startTimeUnixNano: '1799999999999780000', endTimeUnixNano: '1800000000000000000' });
  t.deepEqual(spans[1]?.events, [
    { name: 'queued', timeUnixNano: '1799999999999785000' },
    { name: 'started', timeUnixNano: '1799999999999790000' },
  ]);
});

test('a trace is exported alike each time, and another one under another id', (t) => {
  t.deepEqual(toOtlp(ACROSS, ABOUT), toOtlp(ACROSS, ABOUT));
  const [other] = toOtlp({ spans: ACROSS.spans.slice(1) }, ABOUT).resourceSpans;
  t.not(other?.scopeSpans[0]?.spans[0]?.traceId, spans[0]?.traceId);
});

test('a trace of nothing has no spans', (t) => {
  t.deepEqual(toOtlp({ spans: [] }, ABOUT), { resourceSpans: [] });
});
