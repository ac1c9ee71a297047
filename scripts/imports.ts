/** Reads the import graph of the sources and judges it by the rules. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { IMPORT_RULES, ROOMS } from './import-rules.ts';

/** One import that a rule forbids. */
export interface ImportFault {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

/** What the sources below a folder import. */
export interface ImportGraph {
  readonly faults: readonly ImportFault[];
  /** Every source file with the files of the repository that it imports; paths relative to the folder, with `/`. */
  readonly imports: ReadonlyMap<string, readonly string[]>;
}

/** Reads all rooms below `root` (an absolute path). Rejects if a file does not parse. */
export async function readImports(root: string): Promise<ImportGraph> {
  const { output } = await cruise(
    ROOMS.filter((room) => existsSync(join(root, room))),
    {
      baseDir: root,
      validate: true,
      ruleSet: { forbidden: IMPORT_RULES },
      // TypeScript 7 has no parser for others to call, so swc reads the sources; it sees type imports too.
      parser: 'swc',
      tsPreCompilationDeps: true,
      doNotFollow: { path: 'node_modules' },
    },
    { extensions: ['.ts', '.js', '.d.ts'], exportsFields: ['exports'], conditionNames: ['types', 'node', 'import'] },
  );
  const { modules, summary } = output as ICruiseResult;
  return {
    faults: summary.violations.map((v) => ({
      rule: v.rule.name,
      from: v.from,
      to: v.cycle === undefined ? v.to : v.cycle.map((step) => step.name).join(' -> '),
      why: IMPORT_RULES.find((rule) => rule.name === v.rule.name)?.comment ?? '',
    })),
    imports: new Map(modules.map((m) => [m.source, m.dependencies.map((d) => d.resolved)])),
  };
}
