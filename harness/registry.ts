/** The one place where the harness knows platforms. Each is loaded when it is first asked for. */
import type { Driver } from '../workloads/api/driver.ts';

/** Where a platform's driver comes from. */
export interface DriverSource {
  readonly name: string;
  load(): Promise<Driver>;
}

const ending = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

/** The export `exported` of the module `path` (without its ending, relative to this folder). */
function source(name: string, path: string, exported: string): DriverSource {
  return {
    name,
    async load() {
      const module: Record<string, Driver | undefined> = await import(new URL(`${path}${ending}`, import.meta.url).href);
      const driver = module[exported];
      if (driver === undefined) throw new TypeError(`${path}: expected an export ${exported}`);
      return driver;
    },
  };
}

export const PLATFORMS: readonly DriverSource[] = [
  source('pheromone', '../platform/driver/driver', 'pheromone'),
  source('http', '../baselines/http/driver', 'http'),
  source('null', '../baselines/calibration/driver', 'calibrationNull'),
  source('delay', '../baselines/calibration/driver', 'calibrationDelay'),
];
