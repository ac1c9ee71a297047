/**
 * Completes package-lock.json (`npm run lock`). npm leaves out what a registry does not serve, and a mirror need not
 * serve the builds of other systems; `npm ci` then refuses the file everywhere. Such packages get an entry with the
 * version that their parent names exactly and the system that their name tells, without a hash.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'];
const LIBRARIES: Readonly<Record<string, string>> = { musl: 'musl', gnu: 'glibc', gnueabihf: 'glibc' };

/** What is looked at in an entry of the lockfile. */
export interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export type LockPackages = Readonly<Record<string, LockEntry>>;

/** Entries that are missing for optional packages. Throws where a version is not exact or a name tells no system. */
export function missingEntries(packages: LockPackages): Record<string, LockEntry> {
  const missing: Record<string, LockEntry> = {};
  for (const [place, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (isThere(packages, place, name)) continue;
      if (!/^\d+\.\d+\.\d+/.test(version))
        throw new Error(`package-lock.json: ${place}: expected an exact version of ${name}, got ${version}`);
      missing[`node_modules/${name}`] = { version, ...(entry.dev === true ? { dev: true } : {}), optional: true, ...systemOf(name) };
    }
  }
  return missing;
}

/** Whether `name` can be found from `place`, as Node looks for it. */
function isThere(packages: LockPackages, place: string, name: string): boolean {
  const within = place === '' ? '' : `${place}/`;
  if (`${within}node_modules/${name}` in packages) return true;
  return place !== '' && isThere(packages, place.slice(0, Math.max(0, place.lastIndexOf('node_modules/') - 1)), name);
}

function systemOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[/-]/);
  const os = words.filter((word) => SYSTEMS.includes(word));
  const cpu = words.filter((word) => PROCESSORS.includes(word));
  if (os.length !== 1 || cpu.length !== 1) throw new Error(`package-lock.json: expected a system and a processor in the name ${name}`);
  const libc = words.flatMap((word) => LIBRARIES[word] ?? []);
  return { os, cpu, ...(libc.length > 0 ? { libc } : {}) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
  const lock = JSON.parse(await readFile(path, 'utf8')) as { packages: LockPackages };
  const missing = missingEntries(lock.packages);
  const sorted = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => (a < b ? -1 : 1));
  await writeFile(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  console.log(`package-lock.json: ${Object.keys(missing).length} entries added`);
}
