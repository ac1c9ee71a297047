/** What could not run, what failed and what was wrong: nothing is dropped silently. Pure. */
import { formatParameter } from '../charts/units.ts';
import type { Run } from '../records.ts';

/** One thing that went amiss, with how often it did. */
export interface Trouble {
  readonly kind: 'could not run' | 'failed' | 'wrong output' | 'incident';
  readonly platform: string;
  /** What it concerns, such as `Chain · length 2`; the whole platform if empty. */
  readonly what: string;
  readonly code: string;
  readonly why: string;
  readonly count: number;
}

/** The troubles of a run, equal ones counted together, in the order in which they first came up. */
export function troublesOf({ manifest, records }: Run): readonly Trouble[] {
  const titleOf = (list: readonly { name: string; title: string }[], name: string): string =>
    list.find((each) => each.name === name)?.title ?? name;
  const found = new Map<string, Trouble>();
  const add = (kind: Trouble['kind'], platform: string, what: string, code: string, why: string): void => {
    const trouble = { kind, platform: titleOf(manifest.platforms, platform), what, code, why };
    const key = JSON.stringify(trouble);
    found.set(key, { ...trouble, count: (found.get(key)?.count ?? 0) + 1 });
  };
  const describe = (workload: string | undefined, parameters: Readonly<Record<string, number>> = {}): string => {
    if (workload === undefined) return '';
    return [titleOf(manifest.workloads, workload), ...Object.entries(parameters).map(([name, value]) => formatParameter(name, value))].join(
      ' · ',
    );
  };
  for (const record of records) {
    if (record.kind === 'absent') {
      add('could not run', record.platform, describe(record.workload, record.parameters), record.code, record.why);
    } else if (record.kind === 'incident') {
      add('incident', record.platform, '', record.code, record.why);
    } else if (record.kind === 'trial' && record.outcome.kind !== 'ok') {
      const { outcome } = record;
      const what = describe(record.workload, record.parameters);
      if (outcome.kind === 'wrong') add('wrong output', record.platform, what, '', outcome.why);
      else add('failed', record.platform, what, outcome.code, outcome.why);
    }
  }
  return [...found.values()];
}

/** What a reader must know of a run that is not whole; empty for one that is. */
export function warningsOf({ manifest, truncated }: Run): readonly string[] {
  return [
    manifest.state === 'interrupted' &&
      'The run was interrupted: it holds fewer rounds than its profile asks for, and its intervals are wider.',
    manifest.state === 'running' &&
      'The run never ended: it is still under way, or its harness was killed. What it had written until then is shown.',
    truncated === true && 'The last record was cut in half and is left out.',
    manifest.source.diffHash !== undefined &&
      'The source had changes that are in no commit; the run cannot be repeated from the commit alone.',
  ].filter((warning) => warning !== false);
}
