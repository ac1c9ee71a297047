/** How a coordinator is set up. Every default of it stands here. */
import { parseAddress } from '../wire/address.ts';

export interface CoordinatorOptions {
  /** Unique among the members of the cluster; `''`: `coordinator-` and the process id. */
  readonly name: string;
  /** Where it listens for clients. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Where clients and the other members reach it, as `host:port`; `''`: where it listens. */
  readonly advertise: string;
  /** Where the cluster's manager listens, as `host:port`. */
  readonly manager: string;
  /** Sessions under way at once, those included that wait for a worker. */
  readonly sessions: number;
  /** Bytes of inputs that are kept until their sessions are over, so that these can run again. */
  readonly keptBytes: number;
  /** How long a session waits for a worker that can take it. */
  readonly workerWaitMs: number;
  /** How long a worker that owes an answer may say nothing before it is asked whether it is there. */
  readonly pingMs: number;
  /** After so long a silence it is taken for lost, and what it had runs elsewhere. At least three times `pingMs`. */
  readonly silenceMs: number;
  /** How long a coordinator that starts waits for the workers to say which apps they have, before it owns any. */
  readonly startMs: number;
  /** How long a coordinator that ends lets sessions under way go on. */
  readonly drainMs: number;
  /** How long a worker may send invocations to the node that it was given. */
  readonly leaseMs: number;
  /** Where the code of bundles is written on first use, of custom triggers here; as of a worker. */
  readonly bundleFolder: string;
}

export const COORDINATOR_DEFAULTS: Omit<CoordinatorOptions, 'manager'> = {
  name: '',
  host: '127.0.0.1',
  port: 0,
  advertise: '',
  sessions: 65_536,
  keptBytes: 2 ** 30,
  workerWaitMs: 5_000,
  pingMs: 500,
  silenceMs: 3_000,
  startMs: 2_000,
  drainMs: 30_000,
  leaseMs: 20,
  bundleFolder: '',
};

/** What has to be given; the rest may be. */
export type GivenCoordinatorOptions = Partial<CoordinatorOptions> & Pick<CoordinatorOptions, 'manager'>;

/** Fills in defaults. Throws a RangeError that names the option, what was expected and what came. */
export function coordinatorOptions(given: GivenCoordinatorOptions): CoordinatorOptions {
  const options = { ...COORDINATOR_DEFAULTS, ...given };
  const { name, port, sessions, keptBytes, workerWaitMs, pingMs, silenceMs, startMs, drainMs, leaseMs } = options;
  expectInteger('port', port, 0, 65_535);
  expectInteger('sessions', sessions, 1, 2 ** 24);
  expectInteger('keptBytes', keptBytes, 1, Number.MAX_SAFE_INTEGER);
  for (const [key, value] of Object.entries({ workerWaitMs, startMs, drainMs, leaseMs })) expectInteger(key, value, 0, 2 ** 31 - 1);
  expectInteger('pingMs', pingMs, 1, 60_000);
  expectInteger('silenceMs', silenceMs, 3 * pingMs, 600_000);
  parseAddress('manager', options.manager);
  if (options.advertise !== '') parseAddress('advertise', options.advertise);
  return { ...options, name: name === '' ? `coordinator-${process.pid}` : name };
}

function expectInteger(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name}: expected a whole number from ${min} to ${max}, got ${value}`);
  }
}
