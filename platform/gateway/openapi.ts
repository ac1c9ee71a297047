/** The OpenAPI 3.1 document, made of the routes that are served. */
import { STATUS_CODES } from 'node:http';
import { COUNTERS } from '../wire/counters.ts';
import { PROTOCOL_VERSION } from '../wire/greeting-messages.ts';
import { type ProblemCode, STATUS_BY_CODE } from './problem.ts';
import { PATH_PARAMETERS, parametersOf, type Route, refTo, type Schema } from './route.ts';

export interface OpenapiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>>; readonly securitySchemes: Readonly<Record<string, unknown>> };
}

export interface Operation {
  readonly summary: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: Schema }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, unknown>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}

/** What every route may answer. */
const COMMON_FAULTS: readonly ProblemCode[] = [
  ...(['INVALID_ARGUMENT', 'FORBIDDEN', 'REQUEST_TIMED_OUT', 'OVERLOADED', 'HEADERS_TOO_LARGE', 'MALFORMED_REQUEST'] as const),
  ...(['INTERNAL', 'BAD_MESSAGE', 'DISCONNECTED', 'DEADLINE_EXCEEDED'] as const),
];

/** The route that serves the document of `routes` and of itself. */
export function openapiRoute(routes: readonly Route[]): Route {
  const route: Route = {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document',
    answers: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': {} } } },
    faults: [],
    handle: (_, reply) => void reply.header('content-type', 'application/json').send(document),
  };
  const document = JSON.stringify(openapiDocument([...routes, route]));
  return route;
}

export function openapiDocument(routes: readonly Route[]): OpenapiDocument {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pheromone',
      version: `${PROTOCOL_VERSION}`,
      description: 'Apps whose functions follow their data: call them, feed them, listen to them.',
    },
    paths,
    components: { schemas: SCHEMAS, securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}

function operationOf({ path, summary, query = {}, body, answers, faults, isOpen = false }: Route): Operation {
  const own = isOpen ? faults : [...faults, 'UNAUTHENTICATED' as const];
  return {
    summary,
    parameters: [
      ...parametersOf(path).map((name) => ({ name, in: 'path', required: true, schema: PATH_PARAMETERS[name] ?? {} })),
      ...Object.entries(query).map(([name, schema]) => ({ name, in: 'query', required: false, schema })),
    ],
    ...(body !== undefined && { requestBody: { description: body.description, content: contentOf(body.content) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, { content, ...answer }]) => [
          status,
          { ...answer, ...(content && { content: contentOf(content) }) },
        ]),
      ),
      ...problemsOf([...own, ...COMMON_FAULTS]),
    },
    security: isOpen ? [] : [{ token: [] }, {}],
  };
}

function contentOf(content: Readonly<Record<string, Schema>>): Record<string, { schema: Schema }> {
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]));
}

/** One response for each status, with the codes that go with it. */
function problemsOf(codes: readonly ProblemCode[]): Record<string, unknown> {
  const byStatus = Map.groupBy([...new Set(codes)].sort(), (code) => STATUS_BY_CODE[code]);
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      `${status}`,
      {
        description: `${STATUS_CODES[status]}: ${those.join(', ')}`,
        content: { 'application/problem+json': { schema: refTo('Problem') } },
      },
    ]),
  );
}

const TEXT: Schema = { type: 'string' };
const COUNT: Schema = { type: 'integer', minimum: 0 };

function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  return { type: 'object', properties, required: Object.keys(properties).filter((name) => !optional.includes(name)) };
}

function list(items: Schema): Schema {
  return { type: 'array', items };
}

const NODE_STATUS = {
  sessions: COUNT,
  executors: list(object({ index: COUNT, state: TEXT })),
  memory: object({ usedBytes: COUNT, arenaBytes: COUNT }),
  counters: object(Object.fromEntries(Object.entries(COUNTERS).map(([name, description]) => [name, { ...COUNT, description }]))),
};

const SCHEMAS: Readonly<Record<string, Schema>> = {
  Problem: {
    ...object({ title: TEXT, status: COUNT, code: { enum: Object.keys(STATUS_BY_CODE) }, detail: TEXT, retryable: { type: 'boolean' } }),
    description: 'RFC 9457, with a stable code',
  },
  Output: object({ source: TEXT, key: TEXT, group: TEXT, base64: { type: 'string', contentEncoding: 'base64' } }),
  Span: {
    ...object({
      ...{ fn: TEXT, node: TEXT, executor: COUNT, attempt: COUNT, after: TEXT },
      ...{ readyNs: COUNT, queuedNs: COUNT, startedNs: COUNT, endedNs: COUNT },
    }),
    description: 'One invocation, in nanoseconds of the monotonic clock of its machine',
  },
  Transfer: {
    ...object({ from: TEXT, to: TEXT, bytes: COUNT, startedNs: COUNT, endedNs: COUNT }),
    description: 'Bytes that one node has got from another, on its clock',
  },
  Result: object({ outputs: list(refTo('Output')), spans: list(refTo('Span')), transfers: list(refTo('Transfer')) }, ['transfers']),
  Run: object(
    {
      id: PATH_PARAMETERS.id ?? {},
      app: TEXT,
      fn: TEXT,
      state: { enum: ['running', 'succeeded', 'failed', 'cancelled'] },
      startedAt: { type: 'string', format: 'date-time' },
      endedAt: { type: 'string', format: 'date-time' },
      result: refTo('Result'),
      error: refTo('Problem'),
    },
    ['endedAt', 'result', 'error'],
  ),
  App: {
    ...object({ name: TEXT, functions: list({ type: 'object' }), buckets: list({ type: 'object' }), triggers: list({ type: 'object' }) }, [
      'name',
    ]),
    description: 'An AppDefinition as the client package describes it',
  },
  Apps: object({ apps: list(TEXT) }),
  Bundle: object({ id: TEXT }),
  Status: {
    ...object({ ...NODE_STATUS, apps: list(TEXT), nodes: list(object({ name: TEXT, ...NODE_STATUS })) }, ['nodes']),
    description: 'Of a node, or of all nodes of a cluster together and of each',
  },
  Ok: object({ status: { const: 'ok' } }),
};
