/** The one place where the harness knows platforms. Each is loaded when it is first asked for. */
import type { Driver } from '../workloads/api/driver.ts';

/** Where a platform's driver comes from. */
export interface DriverSource {
  readonly name: string;
  load(): Promise<Driver>;
}

export const PLATFORMS: readonly DriverSource[] = [
  { name: 'pheromone', load: async () => (await import('../platform/driver/driver.ts')).pheromone },
  { name: 'http', load: async () => (await import('../baselines/http/driver.ts')).http },
  { name: 'step-functions', load: async () => (await import('../baselines/step-functions/driver.ts')).stepFunctions },
  { name: 'restate-calls', load: async () => (await import('../baselines/restate/driver.ts')).restateCalls },
  { name: 'restate-steps', load: async () => (await import('../baselines/restate/driver.ts')).restateSteps },
  { name: 'null', load: async () => (await import('../baselines/calibration/driver.ts')).calibrationNull },
  { name: 'wait', load: async () => (await import('../baselines/calibration/driver.ts')).calibrationWait },
  { name: 'delay', load: async () => (await import('../baselines/calibration/driver.ts')).calibrationDelay },
];
