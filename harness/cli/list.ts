/** `pherobench list`: what there is to run. */
import Table from 'cli-table3';
import type { Workload } from '../../workloads/api/workload.ts';
import type { DriverSource } from '../registry.ts';
import type { Setting } from '../setting.ts';
import { examine } from './doctor-command.ts';

const STYLE = { style: { head: [], border: [], compact: true } };

async function platformRow(source: DriverSource): Promise<[string, string, string, string]> {
  const { name, title, class: kind, runs, state, remedy } = await examine(source);
  return [name, title, kind, runs ? `runs here, version ${state}` : `${state}; ${remedy}`];
}

function parameterText(workload: Workload): string {
  return Object.entries(workload.parameters)
    .map(([name, { min, max, unit, default: value, meaning }]) => `${name}: ${meaning}, ${min} to ${max} ${unit}, default ${value}`)
    .join('\n');
}

/** Tables of platforms, workloads and experiments. */
export async function listing({ platforms: sources, workloads, experiments }: Setting): Promise<string> {
  const platforms = new Table({ head: ['platform', 'title', 'class', 'here'], ...STYLE });
  platforms.push(...(await Promise.all(sources.map(platformRow))));
  const workloadTable = new Table({ head: ['workload', 'title', 'parameters'], ...STYLE });
  workloadTable.push(...workloads.map((workload) => [workload.name, workload.title, parameterText(workload)]));
  const experimentTable = new Table({ head: ['experiment', 'question', 'platforms'], ...STYLE });
  experimentTable.push(...experiments.map(({ name, question, platforms: of }) => [name, question, of.join(', ')]));
  return [platforms, workloadTable, experimentTable].map(String).join('\n\n');
}
