/** What a platform takes while it has nothing to do. */
import type { IdleRecord } from '../records.ts';
import type { Chart, Subject } from './chart.ts';
import { axisFor, byPlatform } from './encode.ts';
import { formatNumber, formatSize, type Quantity } from './units.ts';

/** Bars of processor time and of memory, or none if the run did not sample idle platforms. The last sample of a platform counts. */
export function idleChart({ run, styles }: Subject): Chart | undefined {
  const idle = new Map(
    run.records.filter((record): record is IdleRecord => record.kind === 'idle').map((record) => [record.platform, record]),
  );
  const drawn = styles.filter(({ name }) => idle.has(name));
  if (drawn.length === 0) return undefined;
  const values = drawn.flatMap(({ name, label }) => {
    const sample = idle.get(name);
    if (sample === undefined) return [];
    const cpu = (100 * sample.cpuNs) / Math.max(1, sample.overNs);
    return [
      { platform: label, memory: sample.memoryBytes, memoryText: formatSize(sample.memoryBytes), cpu, cpuText: `${formatNumber(cpu)} %` },
    ];
  });
  const { color } = byPlatform(drawn, 'markers');
  const panel = (field: 'cpu' | 'memory', title: string, quantity: Quantity, named: boolean) => ({
    width: 240,
    height: { step: 28 },
    encoding: {
      y: { field: 'platform', type: 'nominal' as const, title: null, sort: drawn.map(({ label }) => label), axis: named ? {} : null },
      x: {
        field,
        type: 'quantitative' as const,
        ...axisFor(
          values.map((value) => value[field]),
          quantity,
          false,
        ),
        title,
      },
      tooltip: ['platform', `${field}Text`].map((name) => ({ field: name, title: name.replace('Text', ''), type: 'nominal' as const })),
    },
    layer: [
      { mark: { type: 'bar' as const, height: { band: 0.65 } }, encoding: { color: { ...color, legend: null } } },
      { mark: { type: 'text' as const, align: 'left' as const, dx: 5 }, encoding: { text: { field: `${field}Text` } } },
    ],
  });
  return {
    id: 'idle',
    title: 'Idle processor time and memory',
    caption: 'All processes of a platform together while nothing is asked of it; memory shared between processes is counted once.',
    spec: {
      data: { values },
      hconcat: [panel('cpu', 'processor time, % of one core', 'number', true), panel('memory', 'memory', 'size', false)],
      spacing: 60,
    },
  };
}
