/** Calls, and the asynchronous runs that some of them become. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallOptions, Run } from '../client/run.ts';
import { exportTrace, TRACE_FORMATS, type TraceFormat } from '../trace/formats.ts';
import type { GatewayContext } from './context.ts';
import { DEADLINE_MAX_MS } from './limits.ts';
import { HttpError, sendProblem } from './problem.ts';
import { resultJson, sendOutput } from './results.ts';
import { type Route, refTo } from './route.ts';
import { type KeptRun, runJson } from './runs.ts';

interface Target {
  readonly app: string;
  readonly fn: string;
}

interface CallQuery {
  readonly answer?: 'first' | 'all';
  readonly deadlineMs?: number;
  readonly trace?: boolean;
  readonly async?: boolean;
}

const NO_INPUT = Buffer.alloc(0);

/** What calls and events take as their input. */
export const INPUT_BODY = { description: 'The input, as it is', content: { '*/*': {} }, limit: 'bodyBytes' } as const;
export const DEADLINE_SCHEMA = {
  type: 'number',
  exclusiveMinimum: 0,
  maximum: DEADLINE_MAX_MS,
  description: 'After so many milliseconds the session is given up',
};
export const FUNCTION_FAULTS = ['UNKNOWN_APP', 'UNKNOWN_FUNCTION', 'OBJECT_TOO_LARGE', 'OUT_OF_MEMORY'] as const;

const RUN_ANSWER = { description: 'The run', content: { 'application/json': refTo('Run') } };
const NAME_HEADER = { type: 'string' };

export const CALL_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/apps/:app/functions/:fn/calls',
    summary: 'Calls a function; if the client goes away before the answer, the call is cancelled',
    query: {
      answer: {
        enum: ['first', 'all'],
        description: 'The first output (default), or all of them once nothing of the session runs any more',
      },
      deadlineMs: DEADLINE_SCHEMA,
      trace: { type: 'boolean', description: 'Whether the result says when and where each function ran' },
      async: { type: 'boolean', description: 'Whether to answer at once with a run that can be asked for its result' },
    },
    body: INPUT_BODY,
    answers: {
      200: {
        description: 'The first output as it is; as JSON with `answer=all` or `trace=true`',
        content: { 'application/octet-stream': {}, 'application/json': refTo('Result') },
        headers: {
          'pheromone-source': { description: 'The function that sent the output, percent-encoded', schema: NAME_HEADER },
          'pheromone-key': { description: 'Key of the output, percent-encoded', schema: NAME_HEADER },
          'pheromone-group': { description: 'Group of the output, percent-encoded', schema: NAME_HEADER },
        },
      },
      202: { ...RUN_ANSWER, headers: { location: { description: 'Path of the run', schema: NAME_HEADER } } },
    },
    faults: [
      ...FUNCTION_FAULTS,
      ...(['CANCELLED', 'DEADLINE_EXCEEDED', 'EXECUTOR_DIED', 'FUNCTION_FAILED', 'FUNCTION_LOAD_FAILED', 'FUNCTION_TIMED_OUT'] as const),
      ...(['NO_OUTPUT', 'TOO_MANY_RERUNS', 'TRIGGER_FAILED', 'UNKNOWN_BUCKET', 'UNKNOWN_OBJECT'] as const),
    ],
    handle: call,
  },
  {
    method: 'GET',
    path: '/v1/runs/:id',
    summary: 'State of an asynchronous run, and its result once it is over',
    answers: { 200: RUN_ANSWER },
    faults: ['UNKNOWN_RUN'],
    handle(request, reply, context) {
      reply.send(runJson(runOf(request, context), context.limits));
    },
  },
  {
    method: 'DELETE',
    path: '/v1/runs/:id',
    summary: 'Cancels a run; one that is over stays as it is',
    answers: { 200: RUN_ANSWER },
    faults: ['UNKNOWN_RUN'],
    async handle(request, reply, context) {
      const run = runOf(request, context);
      run.cancel();
      await run.settled;
      reply.send(runJson(run, context.limits));
    },
  },
  {
    method: 'GET',
    path: '/v1/runs/:id/trace',
    summary: 'Trace of a run that is over and was started with `trace=true`; otherwise one of nothing',
    query: {
      format: { enum: TRACE_FORMATS, default: 'chrome', description: 'The Chrome trace event format, or OTLP/JSON' },
    },
    answers: { 200: { description: 'The trace', content: { 'application/json': {} } } },
    faults: ['UNKNOWN_RUN'],
    handle(request, reply, context) {
      const { format = 'chrome' } = request.query as { format?: TraceFormat };
      const { app, outcome } = runOf(request, context);
      const trace = outcome !== undefined && 'result' in outcome ? outcome.result : { spans: [] };
      reply.send(exportTrace(format, trace, { app, endedAtMs: outcome?.endedAt.getTime() ?? 0 }));
    },
  },
  {
    method: 'GET',
    path: '/v1/runs/:id/events',
    summary:
      'Events of a run: `state` (of the run now, and when it is over), `output` for each output, `end`; `error` if the stream is cut short',
    answers: { 200: { description: 'Server-sent events', content: { 'text/event-stream': {} } } },
    faults: ['UNKNOWN_RUN'],
    handle: follow,
  },
];

function call(request: FastifyRequest, reply: FastifyReply, context: GatewayContext): void {
  const { app, fn } = request.params as Target;
  const { async: isAsync, ...options } = request.query as CallQuery;
  const input = (request.body as Buffer | undefined) ?? NO_INPUT;
  const { client } = context.upstream;
  if (isAsync === true) startRun(reply, context, context.runs.start(client, app, fn, input, options));
  else context.turn.atEnd(() => answer(reply, context, client.start(app, fn, input, options), options));
}

function startRun(reply: FastifyReply, { limits }: GatewayContext, run: KeptRun): void {
  reply.code(202).header('location', `/v1/runs/${run.id}`).send(runJson(run, limits));
}

function answer(reply: FastifyReply, context: GatewayContext, run: Run, { answer, trace }: CallOptions): void {
  const { raw } = reply;
  raw.once('close', () => {
    if (!raw.headersSent) run.cancel();
  });
  run.result
    .then((result) => {
      const [output] = result.outputs;
      if (answer === 'all' || trace === true || output === undefined) reply.send(resultJson(result, context.limits));
      else sendOutput(reply, output);
    })
    .catch((error: unknown) => {
      if (!raw.destroyed) sendProblem(reply, error, context);
    });
}

function follow(request: FastifyRequest, reply: FastifyReply, context: GatewayContext): void {
  const run = runOf(request, context);
  const stream = context.streams.open(reply, () => {});
  if (run.outcome === undefined) stream.send('state', runJson(run, context.limits));
  void run.settled.then(() => {
    if (run.outcome !== undefined && 'result' in run.outcome)
      for (const output of run.outcome.result.outputs) stream.send('output', output);
    const { result: _, ...ended } = runJson(run, context.limits);
    stream.send('state', ended);
    stream.end();
  });
}

function runOf(request: FastifyRequest, { runs }: GatewayContext): KeptRun {
  const { id } = request.params as { id: string };
  const run = runs.get(id);
  if (run === undefined) throw new HttpError('UNKNOWN_RUN', `run ${id}: expected one that is under way or has ended lately`);
  return run;
}
