import test from 'ava';
import { z } from 'zod';
import { type ChromeEvent, toChromeTrace } from './chrome.ts';
import { ACROSS } from './testing/traces.ts';

const where = { pid: z.int().positive(), tid: z.int().nonnegative() };
const when = { ts: z.number().nonnegative() };
const named = { name: z.string().min(1), cat: z.string().min(1), id: z.int() };
const args = z.record(z.string(), z.union([z.string(), z.number()]));

/** What the format asks of each kind of event. */
const EVENT = z.discriminatedUnion('ph', [
  z.strictObject({
    ph: z.literal('M'),
    name: z.enum(['process_name', 'thread_name']),
    ...where,
    args: z.strictObject({ name: z.string() }),
  }),
  z.strictObject({ ph: z.literal('X'), name: named.name, cat: named.cat, ...where, ...when, dur: z.number().nonnegative(), args }),
  z.strictObject({ ph: z.literal('b'), ...named, ...where, ...when, args }),
  z.strictObject({ ph: z.literal('e'), ...named, ...where, ...when }),
  z.strictObject({ ph: z.literal('s'), ...named, ...where, ...when }),
  z.strictObject({ ph: z.literal('f'), bp: z.literal('e'), ...named, ...where, ...when }),
]);

const { traceEvents } = toChromeTrace(ACROSS);
const of = (...kinds: ChromeEvent['ph'][]): ChromeEvent[] => traceEvents.filter(({ ph }) => kinds.includes(ph));

test('every event has the fields that its kind asks for, also after JSON', (t) => {
  for (const event of JSON.parse(JSON.stringify(traceEvents)) as unknown[]) t.notThrows(() => EVENT.parse(event));
});

test('nodes are processes, executors threads, and what runs beside something on one executor has a track of its own', (t) => {
  t.deepEqual(
    of('M').map(({ pid, args }) => `${pid} ${args?.name}`),
    ['1 a', '2 b', '1 executor 1', '1 executor 2', '2 executor 1', '2 executor 1 (2)'],
  );
  const slices = of('X');
  t.is(slices.length, 5);
  for (const one of slices) {
    for (const other of slices) {
      if (one === other || one.tid !== other.tid) continue;
      t.true(one.ts! >= other.ts! + other.dur! || other.ts! >= one.ts! + one.dur!, 'slices of one track overlap');
    }
  }
});

test('times are microseconds from the first trigger on', (t) => {
  const [split] = of('X');
  t.like(split, { name: 'split', ts: 10, dur: 30, args: { triggerNs: 5_000, queueNs: 5_000, attempt: 1, after: '' } });
});

test('what came before a body, and transfers, are asynchronous slices that begin and end', (t) => {
  const begun = of('b');
  const ends = new Map(of('e').map((event) => [event.id, event]));
  t.deepEqual(
    begun.map(({ id, name, pid, ts }) => `${pid} ${name} ${ts} ${ends.get(id)?.ts}`),
    [
      ...['1 split: trigger 0 5', '1 split: queue 5 10', '1 work: queue 20 30'],
      ...['2 work: trigger 25 80', '2 work: queue 80 85', '2 work: trigger 30 80', '2 work: queue 80 90'],
      ...['1 join: trigger 190 195', '1 join: queue 195 210', '2 transfer from a 35 79'],
    ],
  );
});

test('arrows lead from who sent the last input, inside of its slice, to who began with it', (t) => {
  const slices = of('X');
  const ends = new Map(of('f').map((event) => [event.id, event]));
  const arrows = of('s').map((event) => {
    const from = slices.find(({ tid, ts, dur }) => tid === event.tid && ts! <= event.ts! && event.ts! <= ts! + dur!);
    const to = slices.find(({ tid, ts }) => tid === ends.get(event.id)?.tid && ts === ends.get(event.id)?.ts);
    return `${from?.name} ${from?.pid} ${to?.name} ${to?.pid}`;
  });
  t.deepEqual(arrows, ['split 1 work 1', 'split 1 work 2', 'split 1 work 2', 'work 2 join 1']);
});

test('a trace of nothing is an empty one', (t) => {
  t.deepEqual(toChromeTrace({ spans: [] }), { displayTimeUnit: 'ns', traceEvents: [] });
});
