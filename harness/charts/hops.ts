/** What a hop costs on each platform, beside the floors of the machine. */
import type { FloorRow } from '../summary.ts';
import type { Case } from './cases.ts';
import { type Chart, isPositive, leftOut, METRIC_TITLES, readings, type Subject } from './chart.ts';
import { datumOf } from './encode.ts';
import { hopFloors } from './floors.ts';
import { FLOOR_COLOUR, type PlatformStyle } from './palette.ts';
import { type Panel, panelsSpec } from './panels.ts';
import { formatTime } from './units.ts';

/** One chart with a panel for each case and one for the floors, or none if no hop was measured. */
export function hopsChart(subject: Subject, cases: readonly Case[]): Chart | undefined {
  const panels = cases.flatMap((each) => {
    const measured = readings(subject, each, 'hop').filter(isPositive);
    const rows = measured.map(({ row, style }) => ({ ...datumOf(row, style.label, each.label), text: formatTime(row.median) }));
    return rows.length === 0 ? [] : [{ heading: each.label, rows }];
  });
  if (panels.length === 0) return undefined;
  const floors = hopFloors(subject.floors).toSorted((a, b) => a.median - b.median);
  return {
    id: 'hops',
    title: METRIC_TITLES.hop,
    caption: [
      'Time between functions divided by the hops on the path; the bar is the 95 % interval of the median.',
      'Dashed lines are the floors of the last panel.',
      leftOut(cases.flatMap((each) => readings(subject, each, 'hop'))),
    ]
      .filter(Boolean)
      .join(' '),
    spec: panelsSpec({
      panels: floors.length === 0 ? panels : [...panels, floorsPanel(floors)],
      styles: [...subject.styles, ...floorStyles(floors)],
      lines: floors.map(({ median }) => median),
      title: METRIC_TITLES.hop.toLowerCase(),
    }),
  };
}

/** The floors alone, for a run that measured nothing else; none if it has no floors. */
export function floorsChart({ rows, floors }: Subject): Chart | undefined {
  const shown = floors.filter(({ ciLow }) => ciLow > 0).toSorted((a, b) => a.median - b.median);
  if (rows.length > 0 || shown.length === 0) return undefined;
  return {
    id: 'floors',
    title: 'Floors of this machine',
    caption: 'What the machine itself charges for the bare step: median, with its 95 % interval as a bar.',
    spec: panelsSpec({ panels: [floorsPanel(shown)], styles: floorStyles(shown), lines: [], title: 'time' }),
  };
}

function floorStyles(floors: readonly FloorRow[]): readonly PlatformStyle[] {
  return floors.map(({ floor }) => ({ name: floor, label: floor, colour: FLOOR_COLOUR, shape: 'diamond', dash: [] }));
}

function floorsPanel(floors: readonly FloorRow[]): Panel {
  const heading = 'Floors of this machine, measured in the same run';
  return { heading, rows: floors.map((row) => ({ ...datumOf(row, row.floor, heading), text: formatTime(row.median) })) };
}
