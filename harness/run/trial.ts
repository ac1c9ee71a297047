/** One run of one case on one platform, judged and taken apart. */
import type { Deployment, Invoked } from '../../workloads/api/driver.ts';
import type { Verdict } from '../../workloads/api/workload.ts';
import { nowNs } from '../clock.ts';
import { splitLatency } from '../latency.ts';
import type { PlannedCase } from '../plan.ts';
import type { TrialRecord } from '../records.ts';
import { describe, within } from './within.ts';

export interface TrialOptions {
  readonly platform: string;
  readonly phase: TrialRecord['phase'];
  readonly round: number;
  readonly seed: number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** A platform keeps deadlines itself; one that does not is given up on this much later. */
const GRACE_MS = 2_000;

type Outcome = TrialRecord['outcome'];

/** An oracle may stumble over an output that makes no sense: then that is not right either. */
function judge({ workload, parameters }: PlannedCase, input: Uint8Array, { outputs }: Invoked): Verdict {
  try {
    return workload.check(parameters, input, outputs);
  } catch (error) {
    return { ok: false, why: `the oracle could not read it: ${describe(error).why}` };
  }
}

function judged(planned: PlannedCase, input: Uint8Array, invoked: Invoked, times: { calledNs: number; returnedNs: number }): Outcome {
  const verdict = judge(planned, input, invoked);
  if (!verdict.ok) return { kind: 'wrong', why: verdict.why };
  const { trace } = invoked;
  try {
    const { injectedNs } = trace;
    if (injectedNs !== undefined && !(injectedNs >= 0)) throw new RangeError(`injected delay: expected 0 ns or more, got ${injectedNs}`);
    const hops = planned.workload.hops?.(planned.parameters);
    return {
      kind: 'ok',
      ...splitLatency(trace, times),
      invocations: trace.spans.length,
      ...(hops === undefined ? {} : { hops }),
      ...(injectedNs === undefined ? {} : { injectedNs }),
    };
  } catch (error) {
    return { kind: 'failed', code: 'INVALID_TRACE', why: describe(error).why };
  }
}

/** Runs one trial; never rejects. */
export async function runTrial(deployment: Deployment, planned: PlannedCase, options: TrialOptions): Promise<TrialRecord> {
  const { platform, phase, round, seed, deadlineMs, signal } = options;
  const { workload, parameters } = planned;
  const input = workload.input(parameters, seed);
  const what = `${workload.name} on ${platform}`;
  const calledNs = nowNs();
  let returnedNs: number;
  let outcome: Outcome;
  try {
    const invoked = await within(deadlineMs + GRACE_MS, what, deployment.invoke(input, { deadlineMs, signal }), signal);
    returnedNs = nowNs();
    outcome = judged(planned, input, invoked, { calledNs, returnedNs });
  } catch (error) {
    returnedNs = nowNs();
    outcome = { kind: 'failed', ...describe(error) };
  }
  return {
    kind: 'trial',
    phase,
    round,
    platform,
    workload: workload.name,
    parameters,
    seed,
    calledNs,
    totalNs: returnedNs - calledNs,
    outcome,
  };
}
