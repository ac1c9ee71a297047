/** Where a skeleton goes: into a checkout of this repository, or beside an installed package. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export type SkeletonKind = 'workload' | 'platform';

export interface Place {
  /** Whether the folder is a checkout of this repository. */
  readonly isInside: boolean;
  /** The folder of the skeleton, seen from the working directory. */
  readonly dir: string;
}

const PACKAGE = 'pheromone-bench';
const HOMES = { inside: { workload: 'workloads', platform: 'baselines' }, outside: { workload: 'workloads', platform: 'platforms' } };

/** `parent` is the folder to make the skeleton's in. Default: where the house keeps such things, or `workloads` and `platforms`. */
export function placeFor(kind: SkeletonKind, name: string, cwd: string, parent?: string): Place {
  const home = resolve(cwd, parent ?? HOMES.inside[kind]);
  const isInside = isCheckout(cwd) && home === resolve(cwd, HOMES.inside[kind]);
  return { isInside, dir: join(parent ?? HOMES[isInside ? 'inside' : 'outside'][kind], name) };
}

function isCheckout(dir: string): boolean {
  const path = join(dir, 'package.json');
  if (!existsSync(path) || !existsSync(join(dir, 'workloads/api/workflow.ts'))) return false;
  return (JSON.parse(readFileSync(path, 'utf8')) as { name?: unknown }).name === PACKAGE;
}

/** How a module of the contract is imported from a skeleton. */
export function contractImport(kind: SkeletonKind, { isInside }: Place, module: string): string {
  if (!isInside) return `${PACKAGE}/${module}`;
  const path = module === 'conformance' ? 'conformance/conformance.ts' : `api/${module}.ts`;
  return kind === 'workload' ? `../${path}` : `../../workloads/${path}`;
}
