/** Holds platforms to what they declare of patterns, by running a minimal workflow of each. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Deployment,
  type Driver,
  type DriverError,
  type Output,
  type Platform,
  type Support,
  supportOf,
} from '../../workloads/api/driver.ts';
import { describe, within } from '../run/within.ts';
import { PROBES, type Probe } from './probes.ts';

/** What running came to. */
export type Proof =
  /** It ran, with the right output. */
  | { readonly kind: 'ran' }
  /** It was refused, as declared. */
  | { readonly kind: 'refused' }
  /** The platform does not do what it declares. */
  | { readonly kind: 'fault'; readonly why: string }
  /** The platform is not here to be asked. */
  | { readonly kind: 'absent' };

/** One pattern in one scope on one platform. */
export interface Cell {
  readonly probe: Probe;
  readonly support: Support;
  readonly proof: Proof;
}

/** All that is known of one platform. */
export interface Column {
  readonly driver: Driver;
  readonly cells: readonly Cell[];
  /** Why the platform could not be asked. */
  readonly absence?: string;
}

const START_MS = 60_000;
const PROBE_MS = 20_000;
const STOP_MS = 10_000;

/** Runs every probe on a platform of its own. Rejects only if `signal` fires. */
export async function prove(driver: Driver, signal: AbortSignal): Promise<Column> {
  const availability = await driver.probe();
  if (!availability.runs) return column(driver, () => ({ kind: 'absent' }), `${availability.why}; ${availability.remedy}`);
  const dataDir = await mkdtemp(join(tmpdir(), `pherobench-${driver.name}-`));
  const starting = driver.start({ executors: 1, dataDir });
  try {
    const platform = await within(START_MS, `start of ${driver.name}`, starting, signal);
    const proofs = new Map<Probe, Proof>();
    for (const probe of PROBES) proofs.set(probe, await proveOne(driver, platform, probe, signal));
    return column(driver, (probe) => proofs.get(probe)!);
  } catch (error) {
    signal.throwIfAborted();
    return column(driver, () => ({ kind: 'absent' }), describe(error).why);
  } finally {
    const stopped = starting.then((platform) => platform.stop());
    await within(STOP_MS, `stop of ${driver.name}`, stopped).catch(() => {});
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A platform as it declares itself, with the proofs that `proofOf` gives. */
export function column(driver: Driver, proofOf: (probe: Probe, support: Support) => Proof, absence?: string): Column {
  const cells = PROBES.map((probe): Cell => {
    const support = supportOf(driver.capabilities, probe.pattern, probe.scope);
    return { probe, support, proof: proofOf(probe, support) };
  });
  return { driver, cells, ...(absence === undefined ? {} : { absence }) };
}

async function proveOne({ capabilities }: Driver, platform: Platform, probe: Probe, signal: AbortSignal): Promise<Proof> {
  const isUnsupported = supportOf(capabilities, probe.pattern, probe.scope).kind === 'unsupported';
  let deployment: Deployment;
  try {
    deployment = await within(PROBE_MS, 'deployment', platform.deploy(probe.workflow), signal);
  } catch (error) {
    signal.throwIfAborted();
    const { code, why } = describe(error);
    if (!isUnsupported) return { kind: 'fault', why: `expected it to be deployed, got ${code}: ${why}` };
    return code === 'UNSUPPORTED_PATTERN'
      ? { kind: 'refused' }
      : { kind: 'fault', why: `expected UNSUPPORTED_PATTERN, got ${code}: ${why}` };
  }
  try {
    if (isUnsupported) return { kind: 'fault', why: 'expected UNSUPPORTED_PATTERN as declared, got a deployment' };
    const outputs = await within(PROBE_MS, `workflow ${probe.workflow.name}`, outputsOf(deployment, probe), signal);
    return probe.isRight(outputs) ? { kind: 'ran' } : { kind: 'fault', why: `expected the right output, got ${show(outputs)}` };
  } catch (error) {
    signal.throwIfAborted();
    const { code, why } = describe(error);
    return { kind: 'fault', why: `expected a result, got ${code}: ${why}` };
  } finally {
    await within(STOP_MS, 'removal', deployment.remove()).catch(() => {});
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

async function outputsOf(deployment: Deployment, { scope, input, isComplete }: Probe): Promise<readonly Output[]> {
  if (scope === 'session') return (await deployment.invoke(encoder.encode(input), { deadlineMs: PROBE_MS })).outputs;
  const outputs: Output[] = [];
  const complete = new Promise<readonly Output[]>((resolve, reject) => {
    const take = (output: Output): void => {
      outputs.push(output);
      if (isComplete(outputs)) resolve(outputs);
    };
    deployment.subscribe(take, (error: DriverError) => reject(error));
  });
  const feeding = [...input].reduce((fed, event) => fed.then(() => deployment.feed(encoder.encode(event))), Promise.resolve());
  const [all] = await Promise.all([complete, feeding]);
  return all;
}

function show(outputs: readonly Output[]): string {
  return JSON.stringify(outputs.map(({ from, bytes }) => `${from} ${decoder.decode(bytes)}`));
}
