import test from 'ava';
import { compile } from 'vega-lite';
import type { RunRecord } from '../records.ts';
import type { Chart } from './chart.ts';
import { subjectOf } from './chart.ts';
import { chartsOf } from './charts.ts';
import { DATA_EXCHANGE, LONG_CHAIN, OVERVIEW, sampleRun, sampleSubject } from './fixtures/sample-run.ts';
import { PAPER, themed } from './theme.ts';

const idsOf = (charts: readonly Chart[]): string[] => charts.map(({ id }) => id);

test('cases that stand alone get totals, a breakdown and a spread each, and hops', (t) => {
  t.deepEqual(idsOf(chartsOf(sampleSubject({ workloads: OVERVIEW }))), [
    'totals',
    'breakdown-chain-length-2-payloadbytes-8',
    'breakdown-chain-length-100-payloadbytes-8',
    'breakdown-word-count-maps-4-reducers-4',
    'hops',
    'distribution-chain-length-2-payloadbytes-8',
    'distribution-chain-length-100-payloadbytes-8',
    'distribution-word-count-maps-4-reducers-4',
    'idle',
  ]);
});

test('a sweep gets a line for each metric, and the spread of its ends alone', (t) => {
  t.deepEqual(idsOf(chartsOf(sampleSubject({ workloads: LONG_CHAIN }))), [
    'chain-length-payload-8-b-total',
    'chain-length-payload-8-b-between',
    'chain-length-payload-8-b-hop',
    'distribution-chain-length-2-payloadbytes-8',
    'distribution-chain-length-1000-payloadbytes-8',
    'idle',
  ]);
});

test('a sweep over the payload has the bare copy of as many bytes as a curve, another sweep has not', (t) => {
  const curves = (workloads: typeof LONG_CHAIN): string[] =>
    chartsOf(sampleSubject({ workloads }))
      .filter(({ spec }) => JSON.stringify(spec).includes('memcpy-1MB'))
      .map(({ id }) => id);
  t.deepEqual(curves(DATA_EXCHANGE), [
    'chain-payloadbytes-length-2-total',
    'chain-payloadbytes-length-2-between',
    'chain-payloadbytes-length-2-hop',
  ]);
  t.deepEqual(curves(LONG_CHAIN), []);
});

test('a platform whose hops take no time has no place on the axis, and the caption says so', (t) => {
  for (const workloads of [OVERVIEW, DATA_EXCHANGE]) {
    const { manifest, records } = sampleRun({ workloads });
    const instant = records.map(
      (record): RunRecord =>
        record.kind === 'trial' && record.platform === 'null' && record.outcome.kind === 'ok'
          ? { ...record, outcome: { ...record.outcome, betweenNs: 0 } }
          : record,
    );
    const captions = chartsOf(subjectOf({ manifest, records: instant })).filter(({ id }) => id.endsWith('hop') || id === 'hops');
    t.true(captions.length > 0);
    for (const { caption } of captions) t.regex(caption, /Left out where the interval reaches 0, see the table: Null/);
  }
});

test('a run of floors alone shows the floors', (t) => {
  const { manifest, records } = sampleRun({ workloads: [] });
  t.deepEqual(idsOf(chartsOf(subjectOf({ manifest, records: records.filter(({ kind }) => kind === 'floor') }))), ['floors']);
});

test('a run without a measurement has no figure', (t) => {
  const { manifest } = sampleRun();
  t.deepEqual(chartsOf(subjectOf({ manifest, records: [] })), []);
});

test('what was not recorded is not drawn: no idle sample, no hops, a single trial', (t) => {
  const run = sampleRun({ workloads: [{ name: 'chain', title: 'Chain', cases: [{ length: 1 }] }], rounds: 2 });
  const records = run.records.filter(({ kind }) => kind !== 'idle');
  t.deepEqual(idsOf(chartsOf(subjectOf({ ...run, records }))), ['totals', 'breakdown-chain-length-1']);
});

test('every specification compiles without a warning, under names that differ', (t) => {
  for (const workloads of [OVERVIEW, LONG_CHAIN, DATA_EXCHANGE]) {
    const charts = chartsOf(sampleSubject({ workloads }));
    t.is(new Set(idsOf(charts)).size, charts.length);
    for (const chart of charts) {
      const warnings: string[] = [];
      const note = (...texts: unknown[]) => {
        warnings.push(texts.join(' '));
        return logger;
      };
      const logger = { level: () => logger, error: note, warn: note, info: () => logger, debug: () => logger } as never;
      compile(themed(chart, PAPER), { logger });
      t.deepEqual(warnings, [], chart.id);
    }
  }
});

test('a platform looks the same in every figure', (t) => {
  const looks = chartsOf(sampleSubject({ workloads: OVERVIEW }))
    .flatMap(({ spec }) => [...JSON.stringify(spec).matchAll(/"scale":\{"domain":(\["Pher[^\]]*\]),"range":(\["#[^\]]*\])/g)])
    .map(([, domain = '', range = '']) => [JSON.parse(domain), JSON.parse(range)] as [string[], string[]]);
  t.true(looks.length >= 5);
  for (const [domain, range] of looks) t.is(range[domain.indexOf('HTTP by hand')], '#d55e00');
});

test('a platform that was not measured keeps its row among the totals, and says so', (t) => {
  const run = sampleRun();
  const records = run.records.filter((record) => record.kind !== 'trial' || record.platform !== 'http');
  const totals = chartsOf(subjectOf({ ...run, records })).find(({ id }) => id === 'totals');
  t.true(JSON.stringify(totals?.spec).includes('{"platform":"HTTP by hand","text":"no measurement"}'));
});

test('where a clock is not shared, the part of the total that is not known is drawn as such', (t) => {
  const run = sampleRun();
  const records = run.records.map((record): RunRecord => {
    if (record.kind !== 'trial' || record.outcome.kind !== 'ok' || record.platform !== 'http') return record;
    const { externalNs: _, ...outcome } = record.outcome;
    return { ...record, outcome };
  });
  const breakdown = chartsOf(subjectOf({ ...run, records })).find(({ id }) => id.startsWith('breakdown'));
  t.true(JSON.stringify(breakdown?.spec).includes('"platform":"HTTP by hand","part":"not told apart"'));
});
