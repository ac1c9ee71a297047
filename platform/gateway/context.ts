/** What the routes of one gateway share. */
import type { Socket } from 'node:net';
import type { Log } from '../log/log.ts';
import type { Bodies } from './bodies.ts';
import type { EventStreams } from './event-streams.ts';
import type { GatewayLimits } from './limits.ts';
import type { Metrics } from './metrics.ts';
import type { Runs } from './runs.ts';
import type { Turn } from './turn.ts';
import type { Upstream } from './upstream.ts';

export interface GatewayContext {
  readonly limits: GatewayLimits;
  readonly log: Log;
  /** What there is right now. */
  readonly load: { readonly connections: Set<Socket>; requests: number };
  readonly upstream: Upstream;
  readonly turn: Turn;
  readonly bodies: Bodies;
  readonly runs: Runs;
  readonly streams: EventStreams;
  readonly metrics: Metrics;
  /** Whether the gateway takes no new work any more. */
  isStopping: boolean;
}
