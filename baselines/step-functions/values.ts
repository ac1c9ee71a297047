/** Values as the service carries them: JSON, with the bytes in base64 and the labels beside them. */
import { DriverError, type Output } from '../../workloads/api/driver.ts';
import type { Emitted } from '../../workloads/api/run-body.ts';

/** What the input or output of a task, a state or an execution may be, in bytes of UTF-8. */
export const DATA_LIMIT_BYTES = 262_144;

/** The list, the longest name of a function and the punctuation around a value; labels come on top of it. */
const ENVELOPE_BYTES = 96;

/** What of the limit is left for the bytes of one value without labels: base64 makes four of three. */
export const PAYLOAD_LIMIT_BYTES = Math.floor((DATA_LIMIT_BYTES - ENVELOPE_BYTES) / 4) * 3;

/** A value between states. What is missing is `''`. */
export interface Value {
  readonly from?: string;
  readonly key?: string;
  readonly group?: string;
  /** Base64. */
  readonly value: string;
}

/** Values as tasks, branches and iterations return them: lists within lists, as states nest. */
export type Values = Value | readonly Values[];

export function encodeValue(from: string, { bytes, key, group }: Emitted): Value {
  return {
    ...(from === '' ? {} : { from }),
    ...(key === '' ? {} : { key }),
    ...(group === '' ? {} : { group }),
    value: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
  };
}

export function decodeValue({ from = '', key = '', group = '', value }: Value): Output {
  return { from, key, group, bytes: Buffer.from(value, 'base64') };
}

/** All values, from the first to the last. */
export function flatten(values: Values): readonly Value[] {
  return 'value' in values ? [values] : values.flatMap(flatten);
}

/** The values of each group, groups in the order in which they are first met: what the regrouping task returns. */
export function regroup(values: Values): readonly (readonly Value[])[] {
  return [...Map.groupBy(flatten(values), ({ group }) => group).values()];
}

/** Throws `PAYLOAD_TOO_LARGE` if a value of `where` cannot pass between two states. */
export function checkValue({ length }: Uint8Array, where: string): void {
  if (length <= PAYLOAD_LIMIT_BYTES) return;
  const limit = `${PAYLOAD_LIMIT_BYTES} bytes, which as JSON are ${DATA_LIMIT_BYTES}`;
  throw new DriverError('PAYLOAD_TOO_LARGE', `${where}: expected a value of at most ${limit}, got ${length} (States.DataLimitExceeded)`);
}

/** Throws `PAYLOAD_TOO_LARGE` if `json`, the input or output that `what` names, is over the service's limit. */
export function checkSize(json: string, what: string): void {
  const bytes = Buffer.byteLength(json);
  if (bytes <= DATA_LIMIT_BYTES) return;
  throw new DriverError(
    'PAYLOAD_TOO_LARGE',
    `${what}: expected at most ${DATA_LIMIT_BYTES} bytes of JSON, got ${bytes} (States.DataLimitExceeded)`,
  );
}
