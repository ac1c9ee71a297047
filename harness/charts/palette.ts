/** How a platform looks: the same colour and marker in every figure of a run, the dash by its class. */
import type { Manifest } from '../records.ts';

export type PlatformEntry = Manifest['platforms'][number];

/** Okabe and Ito's colours for all kinds of colour vision, less black and yellow, which vanish on one of the two backgrounds. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c8c8c'];
const SHAPES = ['circle', 'square', 'triangle-up', 'diamond', 'cross'];
const DASHES: Readonly<Record<PlatformEntry['class'], readonly number[]>> = {
  real: [1, 0],
  replica: [7, 3],
  emulation: [2, 2],
  calibration: [7, 3, 1, 3],
};

export interface PlatformStyle {
  readonly name: string;
  /** Title, with the class where the figures are not those of the platform itself. */
  readonly label: string;
  readonly colour: string;
  readonly shape: string;
  readonly dash: readonly number[];
}

/** One style for each platform, by its place in the manifest. Colours come round after seven platforms; with the shape they stay unique. */
export function platformStyles(platforms: readonly PlatformEntry[]): readonly PlatformStyle[] {
  return platforms.map((platform, index) => ({
    name: platform.name,
    label: platform.class === 'real' ? platform.title : `${platform.title} (${platform.class})`,
    colour: COLOURS[index % COLOURS.length] ?? '',
    shape: SHAPES[index % SHAPES.length] ?? '',
    dash: DASHES[platform.class],
  }));
}

/** The parts of a latency, told apart by lightness more than by hue. */
export const PARTS = [
  { metric: 'external', label: 'external', colour: '#a3afbd' },
  { metric: 'between', label: 'between functions', colour: '#7a5cc4' },
  { metric: 'compute', label: 'compute', colour: '#dcc27a' },
] as const;

/** Of lines and points that belong to no platform. */
export const FLOOR_COLOUR = '#8a8f98';
