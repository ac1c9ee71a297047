/** What a gateway counts, for Prometheus; in a registry of its own, so that gateways of one process do not mix. */
import { Gauge, Histogram, Registry } from 'prom-client';
import type { NamedNodeStatus } from '../wire/messages.ts';
import { PlatformMetrics } from './platform-metrics.ts';

/** What is read when somebody asks for the metrics. */
export interface Observed {
  readonly connections: () => number;
  readonly requests: () => number;
  readonly streams: () => number;
  readonly bodiesBytes: () => number;
  readonly runs: () => { readonly underWay: number; readonly over: number; readonly bytes: number };
  readonly isConnected: () => boolean;
  /** What the platform's nodes say of themselves; none where it does not answer. Never rejects. */
  readonly nodes: () => Promise<readonly NamedNodeStatus[]>;
}

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<'method' | 'route' | 'status'>;
  readonly #platform = new PlatformMetrics(this.#registry);
  readonly #nodes: Observed['nodes'];

  constructor(observed: Observed) {
    this.#nodes = observed.nodes;
    this.#requests = new Histogram({
      name: 'pheromone_gateway_request_seconds',
      help: 'From the headers of a request to the last byte of its answer; status 499: the client went away before',
      labelNames: ['method', 'route', 'status'],
      buckets: SECONDS,
      registers: [this.#registry],
    });
    this.#gauge('pheromone_gateway_connections', 'Open connections of clients', observed.connections);
    this.#gauge('pheromone_gateway_requests_under_way', 'Requests without an answer yet', observed.requests);
    this.#gauge('pheromone_gateway_streams', 'Open streams of events', observed.streams);
    this.#gauge('pheromone_gateway_bodies_bytes', 'Bodies of requests under way', observed.bodiesBytes);
    this.#gauge('pheromone_gateway_runs_under_way', 'Asynchronous runs under way', () => observed.runs().underWay);
    this.#gauge('pheromone_gateway_runs_kept', 'Asynchronous runs that are over and kept', () => observed.runs().over);
    this.#gauge('pheromone_gateway_runs_bytes', 'Outputs of runs that are kept', () => observed.runs().bytes);
    this.#gauge('pheromone_gateway_platform_up', '1 while the platform is connected', () => Number(observed.isConnected()));
    this.#process();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Counts a request that is over. `route`: as it was declared. */
  request(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status }, seconds);
  }

  /** In the text format of Prometheus. */
  async text(): Promise<string> {
    this.#platform.set(await this.#nodes());
    return this.#registry.metrics();
  }

  #process(): void {
    const start = performance.eventLoopUtilization();
    this.#gauge('process_cpu_seconds_total', 'Processor time of the process', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
    this.#gauge('process_resident_memory_bytes', 'Resident memory of the process', () => process.memoryUsage.rss());
    this.#gauge('process_start_time_seconds', 'When the process started, since 1970', () => performance.timeOrigin / 1e3);
    this.#gauge('nodejs_heap_used_bytes', 'Heap in use', () => process.memoryUsage().heapUsed);
    this.#gauge('nodejs_external_memory_bytes', 'Memory of buffers', () => process.memoryUsage().external);
    this.#gauge('nodejs_eventloop_utilization', 'Share of its life that the event loop was busy', () => {
      return performance.eventLoopUtilization(start).utilization;
    });
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }
}
