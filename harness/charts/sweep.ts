/** Latency against a parameter: the median of each platform with its 95 % interval. */

import type { FloorRow, Metric } from '../summary.ts';
import { type Case, parameterOf, type Sweep } from './cases.ts';
import { type Chart, isPositive, leftOut, METRIC_TITLES, readings, type Subject, slug } from './chart.ts';
import { type Axis, axisFor, byPlatform, DATUM_TOOLTIP, datumOf, PLOT_WIDTH, spread } from './encode.ts';
import { copyCurve, hopFloors } from './floors.ts';
import { FLOOR_COLOUR } from './palette.ts';
import { describeParameter, formatTime } from './units.ts';

const HEIGHT = 320;

/** One chart of `metric` over `sweep`, or none if fewer than two of its cases were measured. */
export function sweepChart(subject: Subject, sweep: Sweep, metric: Metric): Chart | undefined {
  const { label, quantity, toBase } = describeParameter(sweep.parameter);
  const at = (each: Case): number => parameterOf(each, sweep.parameter) * toBase;
  const points = sweep.cases.flatMap((each) =>
    readings(subject, each, metric)
      .filter(isPositive)
      .map(({ row, style }) => ({ ...datumOf(row, style.label, each.label), parameter: at(each) })),
  );
  const measured = [...new Set(points.map(({ parameter }) => parameter))];
  if (measured.length < 2) return undefined;
  const drawn = subject.styles.filter((style) => points.some(({ platform }) => platform === style.label));
  const floors = metric === 'hop' ? hopFloors(subject.floors) : [];
  const { scale, axis } = axisFor(measured, quantity);
  const copies = sweep.parameter === 'payloadBytes' ? copyCurve(subject.floors).filter(({ bytes }) => measured.includes(bytes)) : [];
  const y = axisFor(
    [...points.flatMap(({ low, high }) => [low, high]), ...[...floors, ...copies.map(({ row }) => row)].map(({ median }) => median)],
    'time',
    floors.length + copies.length > 0 || undefined,
  );
  const { color, shape, strokeDash } = byPlatform(drawn, 'markers');
  const place = {
    field: 'parameter',
    type: 'quantitative',
    scale,
    axis: { ...axis, values: measured, labelOverlap: 'greedy' },
    title: label,
  } as const;
  return {
    id: slug(sweep.workload, sweep.parameter, sweep.fixed, metric),
    title: `${sweep.title}: ${METRIC_TITLES[metric].toLowerCase()} against ${label}`,
    caption: [
      `Median of each platform; the band is the 95 % interval of the median.`,
      sweep.fixed && `With ${sweep.fixed}.`,
      floors.length > 0 && 'Grey lines are the floors measured in the same run.',
      leftOut(sweep.cases.flatMap((each) => readings(subject, each, metric))),
      copies.length > 0 && 'The grey curve is a bare copy of as many bytes.',
    ]
      .filter(Boolean)
      .join(' '),
    spec: {
      width: PLOT_WIDTH,
      height: HEIGHT,
      data: { values: points },
      encoding: { x: place, y: { field: 'value', type: 'quantitative', ...y, title: METRIC_TITLES[metric].toLowerCase() } },
      layer: [
        ...floorLines(floors, y.scale),
        ...copyLine(copies),
        {
          mark: { type: 'area', opacity: 0.18, line: false },
          encoding: { y: { field: 'low', type: 'quantitative' }, y2: { field: 'high' }, color },
        },
        { mark: { type: 'line', strokeWidth: 2 }, encoding: { color, strokeDash } },
        { mark: { type: 'point', filled: true, size: 55, opacity: 1 }, encoding: { color, shape, tooltip: DATUM_TOOLTIP } },
      ],
    },
  };
}

/** A line for each floor over the whole width, named at its right end; names of floors that lie close are moved apart. */
function floorLines(floors: readonly FloorRow[], { domain: [least, most] = [1, 1] }: Axis['scale']) {
  const heights = floors.map(({ median }) => (HEIGHT * Math.log(most / median)) / Math.log(most / least));
  const places = spread(heights, 14);
  return floors.flatMap(({ floor, median }, index) => {
    const data = { values: [{ floor, median: formatTime(median), value: median }] };
    const color = { value: FLOOR_COLOUR };
    const tooltip = ['floor', 'median'].map((field) => ({ field, type: 'nominal' as const }));
    const line = { x: { value: 0 }, x2: { value: PLOT_WIDTH }, y: { field: 'value', type: 'quantitative' as const }, color, tooltip };
    const label = { x: { value: PLOT_WIDTH }, y: { value: places[index] ?? 0 }, text: { field: 'floor' }, color };
    return [
      { data, mark: { type: 'rule' as const, strokeDash: [4, 3] }, encoding: line },
      { data, mark: { type: 'text' as const, align: 'left' as const, dx: 6, baseline: 'middle' as const }, encoding: label },
    ];
  });
}

/** A curve through what a copy costs at each size, named at its last point. */
function copyLine(copies: ReturnType<typeof copyCurve>) {
  const values = copies.map(({ bytes, row }) => ({
    parameter: bytes,
    value: row.median,
    floor: row.floor,
    median: formatTime(row.median),
  }));
  if (values.length < 2) return [];
  const color = { value: FLOOR_COLOUR };
  const x = { field: 'parameter', type: 'quantitative' as const };
  const y = { field: 'value', type: 'quantitative' as const };
  const tooltip = ['floor', 'median'].map((field) => ({ field, type: 'nominal' as const }));
  const label = { align: 'right' as const, baseline: 'bottom' as const, dx: -6 };
  return [
    {
      data: { values },
      mark: { type: 'line' as const, strokeDash: [1, 3], point: { color: FLOOR_COLOUR } },
      encoding: { x, y, color, tooltip },
    },
    { data: { values: values.slice(-1) }, mark: { type: 'text' as const, ...label }, encoding: { x, y, text: { value: 'copy' }, color } },
  ];
}
