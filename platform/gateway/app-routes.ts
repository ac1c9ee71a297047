/** Apps: their definitions, the events that they are fed, the outputs that nobody waits for. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppDefinition } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';
import { DEADLINE_SCHEMA, FUNCTION_FAULTS, INPUT_BODY } from './call-routes.ts';
import type { GatewayContext } from './context.ts';
import type { EventStream } from './event-streams.ts';
import { problemOf } from './problem.ts';
import { resultJson } from './results.ts';
import { type Route, refTo } from './route.ts';

const DONE = { description: 'Done' };

export const APP_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/apps',
    summary: 'Names of the registered apps',
    answers: { 200: { description: 'The names', content: { 'application/json': refTo('Apps') } } },
    faults: [],
    async handle(_, reply, { upstream }) {
      const { apps } = await upstream.client.status();
      reply.send({ apps });
    },
  },
  {
    method: 'PUT',
    path: '/v1/apps/:app',
    summary: 'Registers an app, or replaces the one of that name for the sessions that start from then on',
    body: {
      description: 'Its definition; the name may be left out',
      content: { 'application/json': refTo('App') },
      limit: 'definitionBytes',
    },
    answers: { 204: DONE },
    faults: ['INVALID_APP', 'FUNCTION_LOAD_FAILED', 'OBJECT_TOO_LARGE', 'STORE_FAILED'],
    async handle(request, reply, { upstream }) {
      const { app } = request.params as { app: string };
      await upstream.client.register(definitionOf(app, request.body as Buffer | undefined));
      reply.code(204).send();
    },
  },
  {
    method: 'DELETE',
    path: '/v1/apps/:app',
    summary: 'Takes an app back; its sessions fail with CANCELLED',
    answers: { 204: DONE },
    faults: ['UNKNOWN_APP'],
    async handle(request, reply, { upstream }) {
      await upstream.client.unregister((request.params as { app: string }).app);
      reply.code(204).send();
    },
  },
  {
    method: 'POST',
    path: '/v1/apps/:app/functions/:fn/events',
    summary: 'Hands an event to a function, in a session whose outputs go to those who listen to the app',
    query: { deadlineMs: DEADLINE_SCHEMA },
    body: INPUT_BODY,
    answers: { 202: { description: 'Accepted' } },
    faults: FUNCTION_FAULTS,
    async handle(request, reply, { upstream }) {
      const { app, fn } = request.params as { app: string; fn: string };
      await upstream.client.feed(
        app,
        fn,
        (request.body as Buffer | undefined) ?? Buffer.alloc(0),
        request.query as { deadlineMs?: number },
      );
      reply.code(202).send();
    },
  },
  {
    method: 'GET',
    path: '/v1/apps/:app/outputs',
    summary:
      'Events of the sessions that were fed, or that triggers of app scope opened: `outputs` of one that is over, `fault` of one that failed; `error` ends the stream',
    query: { trace: { type: 'boolean', description: 'Whether outputs come with when each function ran' } },
    answers: { 200: { description: 'Server-sent events', content: { 'text/event-stream': {} } } },
    faults: ['UNKNOWN_APP'],
    handle: listen,
  },
];

async function listen(request: FastifyRequest, reply: FastifyReply, { upstream, streams, limits }: GatewayContext): Promise<void> {
  const { app } = request.params as { app: string };
  const { trace = false } = request.query as { trace?: boolean };
  streams.expectRoom();
  // Outputs may come before the stream is open: together with the platform's consent.
  const opened = Promise.withResolvers<EventStream>();
  const deliver = async (action: (stream: EventStream) => void): Promise<void> => {
    const stream = await opened.promise;
    try {
      action(stream);
    } catch (error) {
      stream.fail(error);
    }
  };
  const subscription = await upstream.client.subscribe(app, {
    trace,
    onOutput: (result) => void deliver((stream) => stream.send('outputs', resultJson(result, limits))),
    onFault: (error) =>
      void deliver((stream) => (error.code === 'DISCONNECTED' ? stream.fail(error) : stream.send('fault', problemOf(error, limits)))),
  });
  const end = (): void => void subscription.close().catch(() => {});
  if (reply.raw.destroyed) return end();
  try {
    opened.resolve(streams.open(reply, end));
  } catch (error) {
    end();
    throw error;
  }
}

/** Throws `INVALID_ARGUMENT`. What the definition is worth is for the platform to judge. */
function definitionOf(name: string, body: Buffer | undefined): AppDefinition {
  let definition: unknown;
  try {
    definition = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    throw new PheromoneError('INVALID_ARGUMENT', `app ${name}: expected its definition as JSON, got: ${(error as Error).message}`);
  }
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) {
    throw new PheromoneError('INVALID_ARGUMENT', `app ${name}: expected its definition to be an object, got ${JSON.stringify(definition)}`);
  }
  const given = 'name' in definition ? definition.name : name;
  if (given !== name) {
    throw new PheromoneError(
      'INVALID_ARGUMENT',
      `app ${name}: expected the name of the path in the definition, got ${JSON.stringify(given)}`,
    );
  }
  return { ...(definition as AppDefinition), name };
}
