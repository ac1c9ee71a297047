/** Rules of the house that neither the type checker nor the linter knows. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, posix } from 'node:path';
import { promisify } from 'node:util';
import { ENTRY, ROOMS, TRIAL } from './import-rules.ts';
import { type LockPackages, missingEntries } from './lockfile.ts';

/** What is looked at. Paths are relative to the root, with `/`. */
export interface Tree {
  /** Absolute path of the repository on this machine. */
  readonly root: string;
  /** Every file that is tracked or about to be; the text is empty where the file is not text. */
  readonly files: ReadonlyMap<string, string>;
  /** What each source file imports. */
  readonly imports: ReadonlyMap<string, readonly string[]>;
}

/** Reads all files that git tracks or would track. */
export async function readTracked(root: string): Promise<Map<string, string>> {
  const { stdout } = await promisify(execFile)('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const files = new Map<string, string>();
  for (const path of new Set(stdout.split('\0').filter((name) => name !== ''))) {
    const bytes = await readFile(join(root, path)).catch(() => undefined); // deleted, not yet committed
    if (bytes !== undefined) files.set(path, bytes.includes(0) ? '' : bytes.toString('utf8'));
  }
  return files;
}

/** One line for each thing that is out of place. */
export function tidyFaults(tree: Tree): string[] {
  return [...textFaults(tree), ...lockFaults(tree), ...nameFaults(tree), ...linkFaults(tree), ...deadFiles(tree)].sort();
}

function textFaults({ root, files }: Tree): string[] {
  const here = [root.replace(/\/$/, ''), homedir()].filter((path) => path.split('/').length > 2);
  const forbidden: readonly (readonly [RegExp, string])[] = [
    [/(?:\/\/|\/?\*|<!--)\s*(?:TODO|FIXME|XXX)\b/, 'expected finished work, got a note to do it later'],
    [/(?:^|[\s"'`(=])\/(?:home|Users)\/\w/, 'expected no path of one machine'],
    [/\bregistry\.[a-z0-9-]+\.[a-z]{2,}\b/, 'expected no address of a package registry'],
  ];
  const faults: string[] = [];
  for (const [path, text] of files) {
    if (path.startsWith('scripts/tidy')) continue; // has to name what it looks for
    for (const [index, line] of text.split('\n').entries()) {
      for (const [pattern, fault] of forbidden) if (pattern.test(line)) faults.push(`${path}:${index + 1}: ${fault}`);
      if (here.some((prefix) => line.includes(prefix))) faults.push(`${path}:${index + 1}: expected no path of this machine`);
      if (isPure(path) && /\bMath\.random\b/.test(line)) faults.push(`${path}:${index + 1}: expected chance as an argument`);
    }
  }
  return faults;
}

function lockFaults({ files }: Tree): string[] {
  const text = files.get('package-lock.json') ?? '{}';
  const { packages = {} } = JSON.parse(text) as { packages?: LockPackages };
  const missing = Object.keys(missingEntries(packages)).map((name) => `package-lock.json: expected an entry for ${name}; run npm run lock`);
  return /"resolved"/.test(text) ? [...missing, 'package-lock.json: expected no "resolved" address'] : missing;
}

function isPure(path: string): boolean {
  return path.startsWith('platform/core/') && !new RegExp(TRIAL).test(path);
}

function nameFaults({ files }: Tree): string[] {
  const folders = new Set([...files.keys()].map((path) => posix.dirname(path)));
  return [...files.keys()].flatMap((path) => {
    if (/(?:^|\/)(?:utils?|helpers?|misc)(?:\.[jt]s|\/)/.test(path)) return [`${path}: expected a name that says what is in it`];
    const [, subject] = /^(.*?)(?:\.\w+)?\.(?:test|bench)\.ts$/.exec(path) ?? [];
    if (subject === undefined || files.has(`${subject}.ts`) || files.has(`${subject}.js`) || folders.has(subject)) return [];
    return [`${path}: expected its subject ${subject}.ts beside it`];
  });
}

function linkFaults({ files }: Tree): string[] {
  const folders = new Set([...files.keys()].flatMap(parents));
  const faults: string[] = [];
  for (const [path, text] of files) {
    if (!path.endsWith('.md')) continue;
    for (const [, link = ''] of text.matchAll(/\]\((?!\w+:|#)([^)\s#]+)[^)]*\)/g)) {
      const target = posix.join(posix.dirname(path), link).replace(/\/$/, '');
      if (!files.has(target) && !folders.has(target)) faults.push(`${path}: expected a file at the link ${link}`);
    }
  }
  return faults;
}

function parents(path: string): string[] {
  const folder = posix.dirname(path);
  return folder === '.' ? ['.'] : [folder, ...parents(folder)];
}

/** Source files that nothing imports, starts or names, tests aside. */
function deadFiles({ files, imports }: Tree): string[] {
  const isTrial = (path: string): boolean => new RegExp(TRIAL).test(path);
  const alive = new Set<string>();
  for (const [path, text] of files) {
    for (const target of [...(imports.get(path) ?? []), ...mentions(path, text)]) {
      const isUse = !isTrial(path) || target.startsWith('scripts/'); // scripts are there for tests too
      if (isUse && target !== path) alive.add(target);
    }
  }
  const isSource = (path: string): boolean => path.endsWith('.ts') && ROOMS.includes(path.split('/')[0] ?? '');
  return [...files.keys()]
    .filter((path) => isSource(path) && !isTrial(path) && !alive.has(path))
    .map((path) =>
      new RegExp(ENTRY).test(path)
        ? `${path}: expected a file that starts it`
        : `${path}: expected an import from elsewhere than tests (what only tests use belongs in a file or folder called testing or fixtures)`,
    );
}

/** Source files that are named rather than imported: by URL beside the file, or by path from the root. */
function* mentions(path: string, text: string): Generator<string> {
  const folder = posix.dirname(path);
  if (/\.[jt]s$/.test(path)) {
    for (const [, name = ''] of text.matchAll(/['"`](\.{1,2}\/[\w./-]+?)(?:\.ts)?(?:['"`]|\$\{)/g)) yield `${posix.join(folder, name)}.ts`;
    for (const [, name = ''] of text.matchAll(/beside\(import\.meta\.url, '([^']+)'\)/g)) yield `${posix.join(folder, name)}.ts`;
  }
  if (path.endsWith('.md')) return;
  const fromRoot = new RegExp(`(?:^|[\\s"'\`/(])((?:${ROOMS.join('|')})/[\\w./-]+?)(?:\\.d)?\\.[jt]s\\b`, 'gm');
  for (const [, name = ''] of text.matchAll(fromRoot)) yield `${name}.ts`;
}
