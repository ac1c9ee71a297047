/** What the workers of a cluster are doing, each and all together. */
import { countersOf } from '../wire/counters.ts';
import type { NamedNodeStatus, Status } from '../wire/messages.ts';
import type { Worker } from './workers.ts';

/** Who takes longer is left out. */
const ANSWER_MS = 1_000;

/** Asks the workers. */
export async function statusOf(workers: readonly Worker[], apps: readonly string[]): Promise<Omit<Status, 'type' | 'id'>> {
  const answers = await Promise.all(workers.map(askWorker));
  const nodes = answers.filter((answer) => answer !== undefined);
  return {
    sessions: sum(nodes, ({ sessions }) => sessions),
    executors: nodes.flatMap(({ executors }) => executors).map(({ state }, index) => ({ index, state })),
    memory: { usedBytes: sum(nodes, ({ memory }) => memory.usedBytes), arenaBytes: sum(nodes, ({ memory }) => memory.arenaBytes) },
    counters: countersOf((name) => sum(nodes, ({ counters }) => counters[name])),
    apps,
    nodes,
  };
}

/** `undefined` where no answer comes in time. */
async function askWorker({ name, link }: Worker): Promise<NamedNodeStatus | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, ANSWER_MS, undefined);
  try {
    const answer = await Promise.race([link?.ask((id) => ({ type: 'status', id })), late.promise]);
    if (answer?.type !== 'status') return undefined;
    const { sessions, executors, memory, counters } = answer;
    return { name, sessions, executors, memory, counters };
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function sum(nodes: readonly NamedNodeStatus[], of: (node: NamedNodeStatus) => number): number {
  return nodes.reduce((total, node) => total + of(node), 0);
}
