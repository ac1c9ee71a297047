/** A chain of steps that go wrong as the test says, for tests of recovery. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { AppDefinition, RecoveryDefinition, TriggerDefinition } from '../../core/app.ts';
import { type Mishap, type Script, STEPS } from './flaky-bodies.ts';
import { fn } from './node.ts';

/** Below the time that a slow step takes, far above that of one that goes right. */
export const HINT_MS = 400;
/** For steps that hang; others have the time that a loaded machine may need. */
const TIMEOUT_MS = 300;
export const LONG_TIMEOUT_MS = 30_000;
/** More than a call needs, so that a loaded machine may be late now and then. */
export const ATTEMPTS = 8;
const HANGING: readonly Mishap[] = ['never-settle', 'block'];
export const MISHAPS: readonly Mishap[] = ['throw', 'throw-after-sending', 'silence', 'never-settle', 'block', 'exit', 'slow'];
/** What a step that goes wrong in a way is called for, where nothing runs again. */
export const CODES: Readonly<Partial<Record<Mishap, string>>> = {
  throw: 'FUNCTION_FAILED',
  'throw-after-sending': 'FUNCTION_FAILED',
  silence: 'NO_OUTPUT',
  'never-settle': 'FUNCTION_TIMED_OUT',
  block: 'FUNCTION_TIMED_OUT',
  exit: 'EXECUTOR_DIED',
};

/**
 * A chain in which each step's objects are expected where they go; the last also sends to a bucket where
 * nothing starts. Steps require the labels in turn.
 */
export function chain(recovery: RecoveryDefinition, timeoutMs = TIMEOUT_MS, requires: readonly string[] = []): AppDefinition {
  const places = [...STEPS.slice(1), 'end'];
  const triggers = places.map((bucket, position): TriggerDefinition => {
    const rerun = [{ source: STEPS[position] as string, timeoutMs: HINT_MS }];
    if (bucket === 'end') return { name: bucket, bucket, target: 's3', primitive: 'by-name', key: 'none', rerun };
    return { name: bucket, bucket, target: bucket, primitive: 'immediate', rerun };
  });
  const functions = STEPS.map((name, position) => {
    const label = requires[position % requires.length];
    return { ...fn('flaky-bodies', 'step', { timeoutMs, concurrency: 16, ...(label && { requires: [label] }) }), name };
  });
  return { name: recovery.level, functions, buckets: places.map((name) => ({ name })), triggers, recovery };
}

/** The input of one call. */
export async function scriptOf(t: ExecutionContext, mishaps: Script['mishaps']): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'pheromone-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return Buffer.from(JSON.stringify({ mishaps, folder, passed: [] } satisfies Script));
}

/** What a step has that goes wrong so. */
export function timeoutFor(mishap: Mishap): number {
  return HANGING.includes(mishap) ? TIMEOUT_MS : LONG_TIMEOUT_MS;
}

/** What every call is to come to: all steps passed, once. */
export const RIGHT = STEPS.join();

/** The steps that were passed, once for each output. */
export function passedBy(outputs: readonly Uint8Array[]): string {
  return outputs.map((bytes) => (JSON.parse(Buffer.from(bytes).toString()) as Script).passed.join()).join('|');
}

/** One run in five goes wrong. */
export function randomMishaps(random: () => number): Script['mishaps'] {
  const ways = MISHAPS.filter((mishap) => mishap !== 'slow');
  const runs = () =>
    Array.from({ length: 4 }, (): Mishap => (random() < 0.2 ? (ways[Math.floor(random() * ways.length)] as Mishap) : 'none'));
  return Object.fromEntries(STEPS.map((step) => [step, runs()]));
}

/** A linear congruence: numbers from 0 to 1 that a seed decides. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
