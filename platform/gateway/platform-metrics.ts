/** What the nodes behind a gateway count, for Prometheus: asked for when somebody asks the gateway. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { COUNTER_NAMES, COUNTERS } from '../wire/counters.ts';
import type { NamedNodeStatus, NodeStatus } from '../wire/messages.ts';

export class PlatformMetrics {
  readonly #metrics: readonly (readonly [Gauge<'node'> | Counter<'node'>, (status: NodeStatus) => number])[];

  constructor(registry: Registry) {
    const metric = (name: string, help: string, read: (status: NodeStatus) => number) => {
      const options = { name: `pheromone_${name}`, help, labelNames: ['node'] as const, registers: [registry] };
      return [name.endsWith('_total') ? new Counter(options) : new Gauge(options), read] as const;
    };
    this.#metrics = [
      metric('sessions', 'Sessions alive', ({ sessions }) => sessions),
      metric('executors', 'Executors', ({ executors }) => executors.length),
      metric('executors_busy', 'Executors that run something', ({ executors }) => executors.filter(({ state }) => state === 'busy').length),
      metric('memory_used_bytes', 'Object memory in use', ({ memory }) => memory.usedBytes),
      metric('memory_arena_bytes', 'Object memory there is', ({ memory }) => memory.arenaBytes),
      ...COUNTER_NAMES.map((name) => metric(snakeCase(name), COUNTERS[name], ({ counters }) => counters[name])),
    ];
  }

  /** Takes in what the nodes have said; those that say nothing are left out. */
  set(nodes: readonly NamedNodeStatus[]): void {
    for (const [metric, read] of this.#metrics) {
      metric.reset();
      for (const status of nodes) metric.inc({ node: status.name }, read(status));
    }
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
