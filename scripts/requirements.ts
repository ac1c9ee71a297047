/** Components that some tests need and that a machine may lack. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const FIND = {
  /** A browser that playwright-core can drive. */
  chromium: () => process.env.CHROMIUM_PATH ?? onPath('chromium', 'chromium-browser', 'google-chrome'),
  /** The S3 server. */
  minio: () => process.env.MINIO_PATH ?? onPath('minio') ?? inTools('minio'),
} satisfies Record<string, () => string | undefined>;

export type Requirement = keyof typeof FIND;

function onPath(...names: string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

/** What .ci/run has put into the folder of tools, which git ignores. */
function inTools(name: string): string | undefined {
  return [fileURLToPath(new URL(`../.tools/${name}`, import.meta.url))].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where the component is on this machine, or undefined where it is not there. */
export function requirement(name: Requirement): string | undefined {
  return FIND[name]();
}

/**
 * Declares a test that needs a component, whose place it is given. Without the component the test is skipped
 * by name; with REQUIRE_ALL=1 it fails.
 */
export function testNeeding(name: Requirement, title: string, body: (t: ExecutionContext, found: string) => void | Promise<void>): void {
  const found = requirement(name);
  if (found !== undefined) test(title, (t) => body(t, found));
  else if (process.env.REQUIRE_ALL === '1') test(title, (t) => t.fail(`expected ${name} on this machine, since REQUIRE_ALL=1`));
  else test.skip(`${title} (needs ${name})`, () => {});
}
