/** The HTTP gateway: the platform's client behind routes that any program can call. */
import type { AddressInfo, Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { connectClient } from '../client/client.ts';
import { PheromoneError } from '../core/errors.ts';
import { openLog } from '../log/log.ts';
import type { NamedNodeStatus } from '../wire/messages.ts';
import type { Security } from '../wire/security.ts';
import { APP_ROUTES } from './app-routes.ts';
import { Bodies } from './bodies.ts';
import { BUNDLE_ROUTES } from './bundle-routes.ts';
import { CALL_ROUTES } from './call-routes.ts';
import type { GatewayContext } from './context.ts';
import { EventStreams } from './event-streams.ts';
import { Metrics } from './metrics.ts';
import { openapiRoute } from './openapi.ts';
import { OPERATION_ROUTES } from './operation-routes.ts';
import { type CheckedOptions, type GatewayOptions, gatewayOptions } from './options.ts';
import type { Route } from './route.ts';
import { Runs } from './runs.ts';
import { createServer } from './server.ts';
import { Turn } from './turn.ts';
import { type Connect, Upstream } from './upstream.ts';

const DECLARED: readonly Route[] = [...CALL_ROUTES, ...APP_ROUTES, ...BUNDLE_ROUTES, ...OPERATION_ROUTES];
/** Every route of a gateway. */
export const ROUTES: readonly Route[] = [...DECLARED, openapiRoute(DECLARED)];

export interface Gateway {
  readonly port: number;
  /** Takes no more connections, waits for requests under way as long as its limits allow, and ends. */
  stop(): Promise<void>;
}

/** How a gateway comes by its client. */
export interface PlatformAccess {
  /** Left out: connects to the node that the options name. */
  readonly connect?: Connect | undefined;
  /** Of the connection to that node. */
  readonly security?: Security | undefined;
}

/**
 * Starts a gateway in this process. It starts also where the platform cannot be reached, and connects to it as soon as
 * it can. Throws a RangeError for an option out of range, rejects with `DISCONNECTED` if the address is taken.
 */
export async function startGateway(given: Partial<GatewayOptions>, { connect, security }: PlatformAccess = {}): Promise<Gateway> {
  const options = gatewayOptions(given);
  const node = { host: options.upstreamHost, port: options.upstreamPort, security };
  const context = createContext(options, connect ?? (() => connectClient(node)));
  const app = createServer(options, context, ROUTES);
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    throw new PheromoneError('DISCONNECTED', `listen on ${options.host}:${options.port}: ${(error as Error).message}`, { cause: error });
  }
  await context.upstream.open();
  return { port: (app.server.address() as AddressInfo).port, stop: () => stop(app, context) };
}

function createContext({ limits }: CheckedOptions, connect: Connect): GatewayContext {
  const log = openLog({ role: 'gateway' });
  const load = { connections: new Set<Socket>(), requests: 0 };
  const upstream = new Upstream(connect, limits, (fault) => {
    if (fault === undefined) log.info('connected to the platform');
    else log.warn('no connection to the platform', { why: fault.message });
  });
  const bodies = new Bodies(limits.bodiesBytes);
  const runs = new Runs(limits);
  const streams = new EventStreams(limits);
  const metrics = new Metrics({
    connections: () => load.connections.size,
    requests: () => load.requests,
    streams: () => streams.size,
    bodiesBytes: () => bodies.heldBytes,
    runs: () => runs.counts,
    isConnected: () => upstream.isConnected,
    nodes: () => nodesOf(upstream),
  });
  return { limits, log, load, upstream, turn: new Turn(), bodies, runs, streams, metrics, isStopping: false };
}

/** A platform that does not answer in time has no nodes to tell of. */
async function nodesOf(upstream: Upstream): Promise<readonly NamedNodeStatus[]> {
  try {
    const status = await upstream.statusInTime();
    return status.nodes ?? [{ ...status, name: '' }];
  } catch {
    return [];
  }
}

async function stop(app: FastifyInstance, context: GatewayContext): Promise<void> {
  context.isStopping = true;
  context.streams.failAll(new PheromoneError('DISCONNECTED', 'gateway: it is stopping'));
  const timer = setTimeout(() => {
    for (const socket of context.load.connections) socket.destroy();
  }, context.limits.drainMs);
  await app.close();
  clearTimeout(timer);
  context.runs.close();
  await context.upstream.close();
}
