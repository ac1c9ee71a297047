/** `pherobench new`: writes the skeleton of a workload or a platform. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_NAMES, configSchema } from '../config/config-file.ts';
import { InputError, refusedBy } from '../input-error.ts';
import { type Place, placeFor, type SkeletonKind } from '../scaffold/place.ts';
import { exportNameOf, skeletonFiles } from '../scaffold/skeleton.ts';
import { parseJson, validate } from '../validation.ts';

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const CONFIG = CONFIG_NAMES[0]!;
const MAIN: Readonly<Record<SkeletonKind, string>> = { workload: 'workload.ts', platform: 'driver.ts' };
const LISTS = { workload: 'workloads', platform: 'platforms' } as const;

/** What a checker of types has to know of modules that Node runs by stripping their types. */
const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2025'],
    module: 'preserve',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
};

export interface NewOptions {
  readonly kind: SkeletonKind;
  readonly name: string;
  /** Folder to make the skeleton's folder in. */
  readonly parent?: string;
  readonly cwd: string;
  /** What is taken. */
  readonly names: readonly string[];
  print(text: string): void;
}

/** Writes the skeleton and says what to do next. Throws an `InputError` where it would overwrite something. */
export function newCommand({ kind, name, parent, cwd, names, print }: NewOptions): void {
  if (!NAME.test(name)) throw new InputError(`new ${kind}: expected a name of lower-case letters, digits and dashes, got "${name}"`);
  if (names.includes(name)) throw new InputError(`new ${kind}: expected a name of its own, "${name}" is taken`);
  const place = placeFor(kind, name, cwd, parent);
  const dir = join(cwd, place.dir);
  if (existsSync(dir) && readdirSync(dir).length > 0)
    throw new InputError(`${place.dir}: expected no such folder, found one that is not empty`);
  const files = skeletonFiles(kind, name, place);
  try {
    mkdirSync(dir, { recursive: true });
    for (const [file, text] of files) writeFileSync(join(dir, file), text);
  } catch (error) {
    throw refusedBy(error, place.dir, 'a folder that can be written to');
  }
  print([...files.keys()].map((file) => `wrote ${join(place.dir, file)}`).join('\n'));
  for (const line of place.isInside ? stepsInside(kind, name) : joinOutside(kind, name, place, cwd)) print(line);
}

function stepsInside(kind: SkeletonKind, name: string): string[] {
  const exported = exportNameOf(name);
  if (kind === 'workload') {
    return [
      `Next: import { ${exported} } from './${name}/workload.ts' in workloads/catalogue.ts and add it to WORKLOADS; then`,
      `  npm test -- workloads/${name}/workload.test.ts`,
      `  npx pherobench run ${name}`,
    ];
  }
  return [
    'Next: add to PLATFORMS in harness/registry.ts',
    `  { name: '${name}', load: async () => (await import('../baselines/${name}/driver.ts')).${exported} },`,
    `then: npm test -- baselines/${name}/*.test.ts`,
  ];
}

/** Adds the skeleton to the config, and gives the folder what a checker of types needs, if it has none. */
function joinOutside(kind: SkeletonKind, name: string, place: Place, cwd: string): string[] {
  const entry = `./${join(place.dir, MAIN[kind]).replaceAll('\\', '/')}`;
  const lines: string[] = [];
  const other = CONFIG_NAMES.slice(1).find((file) => existsSync(join(cwd, file)));
  if (other === undefined) lines.push(addToConfig(join(cwd, CONFIG), LISTS[kind], entry));
  else lines.push(`Next: add '${entry}' to ${LISTS[kind]} in ${other}.`);
  if (!existsSync(join(cwd, 'tsconfig.json'))) {
    writeFileSync(join(cwd, 'tsconfig.json'), `${JSON.stringify(TSCONFIG, undefined, 2)}\n`);
    lines.push('wrote tsconfig.json');
  }
  const run = kind === 'workload' ? `npx pherobench run ${name}` : `npx pherobench run overview --platform ${name},http`;
  lines.push(
    `Its tests:  npx node --test ${join(place.dir, '*.test.ts')}`,
    'Its types:  npx tsc  (needs typescript and @types/node)',
    `Run it:     ${run}`,
  );
  return lines;
}

function addToConfig(path: string, list: (typeof LISTS)[SkeletonKind], entry: string): string {
  const isThere = existsSync(path);
  const raw = isThere ? parseJson(readFileSync(path, 'utf8'), CONFIG) : {};
  const config = validate(configSchema, raw, CONFIG);
  writeFileSync(path, `${JSON.stringify({ ...(raw as object), [list]: [...config[list], entry] }, undefined, 2)}\n`);
  return `${isThere ? 'added it to' : 'wrote'} ${CONFIG}`;
}
