/** Bundles of a coordinator's clients: workers store them, since workers are who runs them. */
import { PheromoneError } from '../core/errors.ts';
import type { Workers } from './workers.ts';

/** Has a worker store an encoded bundle, and gives its id. Rejects with `NO_NODE`, `DISCONNECTED`, and what the worker says. */
export async function passBundle(workers: Workers, encoded: Uint8Array): Promise<string> {
  const worker = workers.ready().find(({ isDraining }) => !isDraining);
  if (worker?.link === undefined) throw new PheromoneError('NO_NODE', 'bundle: expected a worker to store it, there is none');
  const answer = await worker.link.ask((id) => ({ type: 'put-bundle', id }), encoded);
  if (answer.type === 'bundle-stored') return answer.bundle;
  throw new PheromoneError('BAD_MESSAGE', `worker "${worker.name}": expected bundle-stored, got ${answer.type}`);
}
