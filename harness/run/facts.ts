/** What a run's manifest says of the machine and of the source. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import type { Manifest } from '../records.ts';

export function machineFacts(): Manifest['machine'] {
  return {
    os: process.platform,
    kernel: release(),
    arch: process.arch,
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
  };
}

/** Version and, in a git checkout, commit. Changes since the commit are hashed, not stored: they may hold anything. */
export function sourceFacts(): Manifest['source'] {
  const path = findPackageJSON(import.meta.url);
  if (path === undefined) throw new Error(`${import.meta.url}: expected a package.json above it`);
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
  const root = dirname(path);
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 28 });
  try {
    // An installed package may lie in somebody else's checkout.
    if (join(git('rev-parse', '--show-toplevel').trim()) !== root) return { version };
    const commit = git('rev-parse', 'HEAD').trim();
    const diff = git('status', '--porcelain') === '' ? '' : git('diff', 'HEAD') + git('status', '--porcelain');
    return diff === '' ? { version, commit } : { version, commit, diffHash: createHash('sha256').update(diff).digest('hex') };
  } catch {
    return { version };
  }
}
