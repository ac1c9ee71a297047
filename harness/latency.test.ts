import test from 'ava';
import fc from 'fast-check';
import { HOST_CLOCK, type Span } from '../workloads/api/driver.ts';
import { splitLatency } from './latency.ts';

const span = (startedNs: number, endedNs: number): Span => ({ fn: 'f', startedNs, endedNs });
const onHost = (...spans: Span[]) => ({ clock: HOST_CLOCK, spans });
const call = { calledNs: 100, returnedNs: 200 };

test('a chain of two is split into external, between and compute', (t) => {
  t.deepEqual(splitLatency(onHost(span(110, 120), span(150, 180)), call), { externalNs: 30, betweenNs: 30, computeNs: 40 });
});

test('bodies that overlap are counted once', (t) => {
  t.deepEqual(splitLatency(onHost(span(110, 150), span(120, 130), span(140, 170)), call), {
    externalNs: 40,
    betweenNs: 0,
    computeNs: 60,
  });
});

test('what a body did after the result does not count', (t) => {
  t.deepEqual(splitLatency(onHost(span(110, 120), span(150, 900), span(300, 400)), call), {
    externalNs: 10,
    betweenNs: 30,
    computeNs: 60,
  });
});

test('a trace on a foreign clock has no external part', (t) => {
  t.deepEqual(splitLatency({ clock: 'cloud', spans: [span(1, 2), span(5, 9)] }, call), { betweenNs: 3, computeNs: 5 });
});

test('a run without spans is external altogether', (t) => {
  t.deepEqual(splitLatency(onHost(), call), { externalNs: 100, betweenNs: 0, computeNs: 0 });
});

test('a span that cannot be is refused with both of its times', (t) => {
  t.throws(() => splitLatency(onHost(span(150, 140)), call), { instanceOf: RangeError, message: /150 ns, got 140 ns/ });
  t.throws(() => splitLatency(onHost(span(50, 140)), call), { instanceOf: RangeError, message: /100 ns, got 50 ns/ });
  t.throws(() => splitLatency(onHost(span(Number.NaN, 140)), call), { instanceOf: RangeError });
});

const anySpans = fc.array(fc.tuple(fc.nat(300), fc.nat(100)).map(([start, length]) => span(100 + start, 100 + start + length)));

test('the three parts are never negative, add up to the whole, and agree with counting nanosecond by nanosecond', (t) => {
  fc.assert(
    fc.property(anySpans, fc.nat(300), (spans, totalNs) => {
      const returnedNs = 100 + totalNs;
      const parts = splitLatency(onHost(...spans), { calledNs: 100, returnedNs });
      let running = 0;
      for (let ns = 100; ns < returnedNs; ns++) if (spans.some((s) => s.startedNs <= ns && ns < s.endedNs)) running++;
      t.is(parts.computeNs, running);
      t.true(parts.betweenNs >= 0 && parts.externalNs! >= 0);
      t.is(parts.externalNs! + parts.betweenNs + parts.computeNs, totalNs);
    }),
  );
  t.pass();
});
