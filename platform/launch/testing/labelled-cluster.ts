/** A manager, a coordinator and one worker for each label, for benchmarks that say where functions run. */
import type { WorkerOptions } from '../../worker/options.ts';
import { type RoleProcess, spawnRole } from '../spawn.ts';
import type { Surroundings } from '../start-role.ts';

const HOST = '127.0.0.1';

export interface LabelledCluster {
  readonly manager: { readonly host: string; readonly port: number };
  readonly workers: readonly RoleProcess[];
  /** All processes. */
  readonly roles: readonly RoleProcess[];
  stop(): Promise<void>;
}

export async function labelledCluster(
  labels: readonly string[],
  options: Partial<WorkerOptions>,
  surroundings: Surroundings = {},
): Promise<LabelledCluster> {
  const manager = await spawnRole('manager', { port: 0 });
  const joining = { manager: `${HOST}:${manager.port}` };
  const coordinator = await spawnRole('coordinator', { ...joining, name: 'coordinator' });
  const workers = await Promise.all(
    labels.map((label) => spawnRole('worker', { ...options, ...joining, name: `worker-${label}`, labels: [label] }, surroundings)),
  );
  const roles = [coordinator, ...workers, manager];
  return {
    manager: { host: HOST, port: manager.port },
    workers,
    roles,
    async stop() {
      for (const role of roles) await role.stop();
    },
  };
}
