/** How a manager is set up. Every default of it stands here. */

export interface ManagerOptions {
  /** Where it listens. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** How often everyone connected is to give a sign of life. */
  readonly heartbeatMs: number;
  /** After how long a silence a member is dropped. */
  readonly suspectMs: number;
  /** How long a member whose connection has ended has to come back before it is dropped. */
  readonly returnMs: number;
}

export const MANAGER_DEFAULTS: ManagerOptions = {
  host: '127.0.0.1',
  port: 0,
  heartbeatMs: 500,
  suspectMs: 3_000,
  returnMs: 250,
};

/** Fills in defaults. Throws a RangeError that names the option, what was expected and what came. */
export function managerOptions(given: Partial<ManagerOptions>): ManagerOptions {
  const options = { ...MANAGER_DEFAULTS, ...given };
  const { port, heartbeatMs, suspectMs, returnMs } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`port: expected a whole number from 0 to 65535, got ${port}`);
  }
  expectBetween('heartbeatMs', heartbeatMs, 10, 60_000);
  expectBetween('suspectMs', suspectMs, 2 * heartbeatMs, 600_000);
  expectBetween('returnMs', returnMs, 10, suspectMs);
  return options;
}

function expectBetween(name: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) throw new RangeError(`${name}: expected ${min} to ${max}, got ${value}`);
}
