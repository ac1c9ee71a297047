import test from 'ava';
import { parse, View } from 'vega';
import { axisLabel, describeParameter, formatNumber, formatParameter, formatSize, formatTime, logAxis, wantsLog } from './units.ts';

test('durations take the unit in which they have one to three digits before the point', (t) => {
  t.deepEqual([0, 0.4, 41.8, 999.6, 2_468, 310_000, 4_160_000, 12e9].map(formatTime), [
    '0 ns',
    '0.4 ns',
    '41.8 ns',
    '1 µs',
    '2.47 µs',
    '310 µs',
    '4.16 ms',
    '12 s',
  ]);
});

test('sizes are decimal', (t) => {
  t.deepEqual([8, 1_000, 1_500_000, 1e8, 8e9].map(formatSize), ['8 B', '1 kB', '1.5 MB', '100 MB', '8 GB']);
});

test('large numbers are grouped, small ones keep three digits', (t) => {
  t.deepEqual([0.8934, 5.8812, 460.4, 1_509.2, 150_322].map(formatNumber), ['0.893', '5.88', '460', '1,509', '150,322']);
});

test('a parameter is named and measured by the unit that its name ends in', (t) => {
  t.deepEqual(describeParameter('payloadBytes'), { label: 'payload', quantity: 'size', toBase: 1 });
  t.deepEqual(describeParameter('sleepMs'), { label: 'sleep', quantity: 'time', toBase: 1e6 });
  t.deepEqual(describeParameter('mapTasks'), { label: 'map tasks', quantity: 'number', toBase: 1 });
  t.is(formatParameter('sleepMs', 1_500), 'sleep 1.5 s');
});

test('the labels of an axis are those of the text beside it', async (t) => {
  const values = [20, 2_000, 50_000, 1e6, 2e9];
  const spec = parse({
    data: [
      { name: 'ticks', values: values.map((value) => ({ value })), transform: [{ type: 'formula', as: 'label', expr: axisLabel('time') }] },
    ],
  });
  const view = await new View(spec, { renderer: 'none' }).runAsync();
  const labels = view.data('ticks').map(({ label }: { label: string }) => label);
  view.finalize();
  t.deepEqual(labels, values.map(formatTime));
});

test('an axis is logarithmic from a factor of 20 on, and never over values that are not positive', (t) => {
  t.false(wantsLog([10, 100]));
  t.true(wantsLog([10, 200]));
  t.false(wantsLog([0, 200]));
  t.false(wantsLog([]));
});

test('a logarithmic axis holds all values, and has ticks at 1, 2 and 5 where powers of ten are few', (t) => {
  const narrow = logAxis([12, 80]);
  t.true(narrow.domain[0] < 12 && narrow.domain[1] > 80);
  t.deepEqual(narrow.ticks, [10, 20, 50, 100]);
  t.deepEqual(logAxis([2, 900_000]).ticks, [10, 100, 1_000, 10_000, 100_000, 1_000_000]);
});
