/** The HTTP server: its bounds, its hooks, the routes, and what becomes of requests that fit none. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify';
import { PheromoneError } from '../core/errors.ts';
import { accessCheck } from './access.ts';
import type { GatewayContext } from './context.ts';
import type { CheckedOptions } from './options.ts';
import { type HttpCode, HttpError, problemOf, sendProblem } from './problem.ts';
import { PATH_PARAMETERS, parametersOf, type Route } from './route.ts';

/** Above any name, percent-encoded; longer ones would fit no route. */
const PARAMETER_LENGTH = 2_048;
/** What a request is counted as whose client went away before the answer; no client ever sees it. */
const CLIENT_WENT_AWAY = 499;
const SHOWN_LENGTH = 80;

/** Makes the server, which does not listen yet. */
export function createServer(options: CheckedOptions, context: GatewayContext, routes: readonly Route[]): FastifyInstance {
  const app = fastify(serverOptions(options, context));
  watchConnections(app, context);
  watchRequests(app, options, context, new Set(routes.filter(({ isOpen }) => isOpen).map(({ path }) => path)));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request, payload, done) => context.bodies.read(payload, request.routeOptions.bodyLimit, done));
  app.setErrorHandler((error, _, reply) => sendProblem(reply, error, context));
  app.setNotFoundHandler((request, reply) => {
    const got = `${request.method} ${shown(request.url)}`;
    sendProblem(reply, new HttpError('UNKNOWN_ROUTE', `request: expected a route of /openapi.json, got ${got}`), context);
  });
  for (const route of routes) addRoute(app, route, context);
  return app;
}

function serverOptions({ tlsCert, tlsKey }: CheckedOptions, context: GatewayContext): FastifyServerOptions {
  const { limits } = context;
  const http = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: Math.min(limits.headersMs, limits.requestMs),
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
  };
  return {
    // The types know no server that may be the one or the other.
    ...(tlsCert === undefined
      ? { http }
      : ({ https: { ...http, cert: tlsCert, key: tlsKey, handshakeTimeout: limits.headersMs } } as object)),
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionTimeout: limits.stallMs,
    bodyLimit: limits.bodyBytes,
    routerOptions: { maxParamLength: PARAMETER_LENGTH },
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    // Unknown parameters are refused, not dropped; faults are told with what came.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true, verbose: true } },
    schemaErrorFormatter: ([fault], part) => {
      const { instancePath = '', message = '', data } = (fault ?? {}) as { instancePath?: string; message?: string; data?: unknown };
      const where = `${part === 'params' ? 'path' : 'query'}${instancePath}`;
      return new PheromoneError(
        'INVALID_ARGUMENT',
        `${where}: ${message.replace(/^must/, 'expected to')}, got ${shown(`${JSON.stringify(data)}`)}`,
      );
    },
    frameworkErrors: (error, _, reply) => sendProblem(reply, error, context),
    clientErrorHandler: (error, socket) => refuse(error, socket, context),
  };
}

/** Answers what never became a request, and ends its connection. */
function refuse({ code, message }: { readonly code: string; readonly message: string }, socket: Socket, { limits }: GatewayContext): void {
  // Bytes of another answer may be on their way, and nothing must come in between; before TLS is agreed on nothing can be said.
  const isSilent = socket.writableLength > 0 || /^ERR_(TLS|SSL)_/.test(code);
  if (code === 'ECONNRESET' || !socket.writable || isSilent) return void socket.destroy();
  const known: Record<string, HttpCode> = { HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE', ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMED_OUT' };
  const problem = problemOf(new HttpError(known[code] ?? 'MALFORMED_REQUEST', `connection: expected a request, got: ${message}`), limits);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}

function watchConnections({ server }: FastifyInstance, { limits, load }: GatewayContext): void {
  server.maxConnections = limits.connections;
  // What a client expects besides "100-continue" may be ignored; refused by default, it would be without a code.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('connection', (socket: Socket) => {
    load.connections.add(socket);
    socket.once('close', () => load.connections.delete(socket));
  });
}

/** Counts and bounds requests, checks who asks, and says what became of them. */
function watchRequests(
  app: FastifyInstance,
  options: CheckedOptions,
  context: GatewayContext,
  open: ReadonlySet<string | undefined>,
): void {
  const { limits, load, bodies, metrics, log } = context;
  const checkAccess = accessCheck(options.token);
  app.addHook('onRequest', (request, reply, done) => {
    const startedMs = performance.now();
    const { raw } = reply;
    const { url: route } = request.routeOptions;
    load.requests += 1;
    raw.on('timeout', endStalled);
    raw.once('close', () => {
      load.requests -= 1;
      bodies.release((request.body as Buffer | undefined)?.length ?? 0);
      const status = raw.writableFinished ? raw.statusCode : CLIENT_WENT_AWAY;
      const tookMs = performance.now() - startedMs;
      metrics.request(request.method, route ?? 'none', status, tookMs / 1e3);
      if (options.logRequests) log.info('request', { method: request.method, path: shown(pathOf(request.url)), status, tookMs });
    });
    if (open.has(route)) done();
    else done(checkAccess(request.headers) ?? (load.requests > limits.requests ? tooMany(limits.requests) : undefined));
  });
}

/** Ends a connection on which nothing has moved for long, unless it is the client who waits. */
function endStalled(this: ServerResponse, socket: Socket): void {
  if (socket.writableLength > 0 || !this.req.complete) socket.destroy();
}

function addRoute(app: FastifyInstance, route: Route, context: GatewayContext): void {
  const { method, path, query = {}, body } = route;
  const names = parametersOf(path);
  app.route({
    method,
    url: path,
    ...(body !== undefined && { bodyLimit: context.limits[body.limit] }),
    schema: {
      ...(names.length > 0 && {
        params: { type: 'object', properties: Object.fromEntries(names.map((name) => [name, PATH_PARAMETERS[name]])) },
      }),
      querystring: { type: 'object', properties: query, additionalProperties: false },
    },
    handler: (request, reply) => route.handle(request, reply, context)?.catch((error: unknown) => sendProblem(reply, error, context)),
  });
}

function tooMany(requests: number): PheromoneError {
  return new PheromoneError('OVERLOADED', `requests: expected at most ${requests} under way, got one more`);
}

/** Without the query, which is for the function's caller alone to know. */
function pathOf(url: string): string {
  return url.replace(/\?.*$/s, '');
}

function shown(text: string): string {
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}...` : text;
}
