/** Records and manifests for tests. */
import type { FloorRecord, Manifest, TrialRecord } from './records.ts';

export function manifestFixture(overrides: Partial<Manifest> = {}): Manifest {
  return {
    schemaVersion: 1,
    run: '20260101T000000-overview',
    experiment: 'overview',
    title: 'Overview',
    profile: 'quick',
    commandLine: ['pherobench', 'run', 'overview'],
    seed: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    state: 'complete',
    source: { version: '0.1.0' },
    machine: { os: 'linux', kernel: '6', arch: 'x64', cpu: 'test', cores: 2, memoryBytes: 1, node: 'v24.0.0' },
    platforms: [
      { name: 'fast', title: 'Fast', class: 'real', version: '1', delivery: 'at-most-once', durability: 'none', isolation: 'thread' },
    ],
    workloads: [{ name: 'chain', title: 'Chain', cases: [{ length: 3 }] }],
    ...overrides,
  };
}

/** A right trial of a chain of three whose parts are each a fixed share of `totalNs`. */
export function trialFixture(round: number, totalNs: number, overrides: Partial<TrialRecord> = {}): TrialRecord {
  return {
    kind: 'trial',
    phase: 'measured',
    round,
    platform: 'fast',
    workload: 'chain',
    parameters: { length: 3 },
    seed: 1,
    calledNs: 0,
    totalNs,
    outcome: { kind: 'ok', externalNs: totalNs * 0.5, betweenNs: totalNs * 0.4, computeNs: totalNs * 0.1, invocations: 3, hops: 2 },
    ...overrides,
  };
}

export const floorFixture = (round: number, floor: string, valueNs: number): FloorRecord => ({
  kind: 'floor',
  round,
  floor,
  takenNs: 0,
  valueNs,
});
