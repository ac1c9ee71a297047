/** What a hop costs on each platform, beside the floors of the machine. */
import type { FloorRow } from '../summary.ts';
import type { Case } from './cases.ts';
import { type Chart, METRIC_TITLES, readings, type Subject } from './chart.ts';
import { datumOf } from './encode.ts';
import { hopFloors } from './floors.ts';
import { FLOOR_COLOUR } from './palette.ts';
import { type Panel, panelsSpec } from './panels.ts';
import { formatTime } from './units.ts';

/** One chart with a panel for each case and one for the floors, or none if no hop was measured. */
export function hopsChart(subject: Subject, cases: readonly Case[]): Chart | undefined {
  const panels = cases.flatMap((each) => {
    const measured = readings(subject, each, 'hop').filter(({ row }) => row.ciLow > 0);
    const rows = measured.map(({ row, style }) => ({ ...datumOf(row, style.label, each.label), text: formatTime(row.median) }));
    return rows.length === 0 ? [] : [{ heading: each.label, rows }];
  });
  if (panels.length === 0) return undefined;
  const floors = hopFloors(subject.floors).toSorted((a, b) => a.median - b.median);
  const floorStyles = floors.map(({ floor }) => ({ name: floor, label: floor, colour: FLOOR_COLOUR, shape: 'diamond', dash: [] }));
  return {
    id: 'hops',
    title: METRIC_TITLES.hop,
    caption:
      'Time between functions divided by the hops on the path; the bar is the 95 % interval of the median. ' +
      'Dashed lines are the floors of the last panel.',
    spec: panelsSpec({
      panels: floors.length === 0 ? panels : [...panels, floorsPanel(floors)],
      styles: [...subject.styles, ...floorStyles],
      lines: floors.map(({ median }) => median),
      title: METRIC_TITLES.hop.toLowerCase(),
    }),
  };
}

function floorsPanel(floors: readonly FloorRow[]): Panel {
  const heading = 'Floors of this machine, measured in the same run';
  return { heading, rows: floors.map((row) => ({ ...datumOf(row, row.floor, heading), text: formatTime(row.median) })) };
}
