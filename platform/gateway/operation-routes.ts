/** What operators ask: whether the gateway lives and is ready, what it counts, what it can do. */
import { PheromoneError } from '../core/errors.ts';
import type { GatewayContext } from './context.ts';
import { type Route, refTo } from './route.ts';

const OK = { description: 'Yes', content: { 'application/json': refTo('Ok') } };
const YES = { status: 'ok' };

export const OPERATION_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/status',
    summary: 'What the platform is doing',
    answers: { 200: { description: 'Its status', content: { 'application/json': refTo('Status') } } },
    faults: [],
    async handle(_, reply, { upstream }) {
      reply.send(await upstream.client.status());
    },
  },
  {
    method: 'GET',
    path: '/healthz',
    summary: 'Whether the gateway lives',
    answers: { 200: OK },
    faults: [],
    isOpen: true,
    handle(_, reply) {
      reply.send(YES);
    },
  },
  {
    method: 'GET',
    path: '/readyz',
    summary: 'Whether the gateway takes work and the platform answers it',
    answers: { 200: OK },
    faults: ['DEADLINE_EXCEEDED'],
    isOpen: true,
    async handle(_, reply, context) {
      await expectReady(context);
      reply.send(YES);
    },
  },
  {
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics for Prometheus',
    answers: { 200: { description: 'In the text format of Prometheus', content: { 'text/plain': {} } } },
    faults: [],
    async handle(_, reply, { metrics }) {
      reply.header('content-type', metrics.contentType).send(await metrics.text());
    },
  },
];

async function expectReady({ upstream, isStopping }: GatewayContext): Promise<void> {
  if (isStopping) throw new PheromoneError('DISCONNECTED', 'gateway: expected to take work, it is stopping');
  await upstream.statusInTime();
}
