/** Numbers as people read them: durations, sizes, the names of parameters; and the ticks of a logarithmic axis. */

interface Step {
  readonly from: number;
  readonly unit: string;
}

const TIME: readonly Step[] = [
  { from: 1e9, unit: 's' },
  { from: 1e6, unit: 'ms' },
  { from: 1e3, unit: 'µs' },
  { from: 1, unit: 'ns' },
];

const SIZE: readonly Step[] = [
  { from: 1e9, unit: 'GB' },
  { from: 1e6, unit: 'MB' },
  { from: 1e3, unit: 'kB' },
  { from: 1, unit: 'B' },
];

/** What a quantity measures; decides its unit. */
export type Quantity = 'time' | 'size' | 'number';

/** Three significant digits, without an exponent and without trailing zeros. */
export function formatNumber(value: number): string {
  if (Math.abs(value) >= 1_000) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
  return String(Number(value.toPrecision(3)));
}

function scaled(value: number, steps: readonly Step[]): string {
  // 999.6 µs rounds up to 1,000: it belongs to the next unit.
  const rounded = Number(value.toPrecision(3));
  const step = steps.find(({ from }) => Math.abs(rounded) >= from) ?? steps.at(-1);
  return step === undefined ? formatNumber(value) : `${formatNumber(value / step.from)} ${step.unit}`;
}

/** A duration in nanoseconds, such as `12.3 µs`. */
export function formatTime(ns: number): string {
  return scaled(ns, TIME);
}

/** A size in bytes, in decimal units, such as `1.5 MB`. */
export function formatSize(bytes: number): string {
  return scaled(bytes, SIZE);
}

/** A value of the given quantity (time in nanoseconds, size in bytes) with its unit. */
export function format(value: number, quantity: Quantity): string {
  if (quantity === 'time') return formatTime(value);
  return quantity === 'size' ? formatSize(value) : formatNumber(value);
}

/** A Vega expression that labels the ticks of an axis; the same units as {@link format}. */
export function axisLabel(quantity: Quantity): string {
  const plain = "format(datum.value, ',.12~g')";
  if (quantity === 'number') return plain;
  const steps = quantity === 'time' ? TIME : SIZE;
  const labelled = steps.map(({ from, unit }) => `abs(datum.value) >= ${from} ? format(datum.value / ${from}, ',.12~g') + ' ${unit}'`);
  return `datum.value == 0 ? '0' : ${labelled.join(' : ')} : format(datum.value, '.3~g') + ' ${steps.at(-1)?.unit}'`;
}

/** What a workload's parameter measures, by the unit that its name ends in, and what to call it. */
export function describeParameter(name: string): { readonly label: string; readonly quantity: Quantity; readonly toBase: number } {
  const ending = /(Bytes|Ns|Us|Ms)$/.exec(name)?.[1];
  const stem = ending === undefined ? name : name.slice(0, -ending.length);
  const label = (stem || name).replace(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase();
  if (ending === undefined) return { label, quantity: 'number', toBase: 1 };
  if (ending === 'Bytes') return { label, quantity: 'size', toBase: 1 };
  return { label, quantity: 'time', toBase: ending === 'Ms' ? 1e6 : ending === 'Us' ? 1e3 : 1 };
}

/** A parameter's value as read, such as `payload 1 MB`. */
export function formatParameter(name: string, value: number): string {
  const { label, quantity, toBase } = describeParameter(name);
  return `${label} ${format(value * toBase, quantity)}`;
}

/** Whether values are better told apart on a logarithmic axis: all positive, and spread over a factor of 20 or more. */
export function wantsLog(values: readonly number[]): boolean {
  const least = Math.min(...values);
  return values.length > 0 && least > 0 && Math.max(...values) / least >= 20;
}

/** Domain and ticks of a logarithmic axis over positive values: powers of ten, with 2 and 5 between them where they are few. */
export function logAxis(values: readonly number[]): { readonly domain: [number, number]; readonly ticks: number[] } {
  const domain: [number, number] = [Math.min(...values) / 1.25, Math.max(...values) * 1.25];
  const decades = Math.log10(domain[1] / domain[0]);
  const mantissas = decades < 2.5 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(domain[0])); power <= Math.ceil(Math.log10(domain[1])); power += 1) {
    for (const mantissa of mantissas) ticks.push(Number((mantissa * 10 ** power).toPrecision(12)));
  }
  return { domain, ticks: ticks.filter((tick) => tick >= domain[0] && tick <= domain[1]) };
}
