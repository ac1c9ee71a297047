/** A deployed workflow as services of Restate, in one of the two ways in which people write it. */
import { type Context, handlers, type internal, type ServiceOptions, service, TerminalError, workflow } from '@restatedev/restate-sdk';
import type { Bodies } from './bodies.ts';
import { appScoped, handlerName, type Served } from './compile.ts';
import { type Call, callSerde, checkSize, type Ended, endedSerde, MESSAGE_LIMIT_BYTES } from './envelope.ts';
import { gatherer } from './gatherer.ts';
import { type Effects, Flow, type Started } from './orchestrate.ts';
import type { Subscribers } from './subscribers.ts';

/** Journals are dropped once an invocation is over, results of runs a minute later. Restate's defaults are a day each. */
const RETENTION = { journalRetention: 0, idempotencyRetention: { minutes: 1 } } satisfies ServiceOptions;

/** How long a handler may be silent by default (`worker.invoker.inactivity-timeout`). */
const SILENCE_MS = 60_000;

/** The services of one workflow; `bodies` runs its functions. */
export function servicesOf(served: Served, bodies: Bodies, subscribers: Subscribers) {
  const { style, names, program } = served;
  const gathering = appScoped(program).length > 0 ? [gatherer(served, subscribers, RETENTION)] : [];
  const serdes = { input: callSerde, output: endedSerde };
  if (style === 'steps') {
    const run = handlers.workflow.workflow(serdes, (ctx, call: Call) => orchestrate(ctx, served, stepping(ctx, bodies), call, subscribers));
    const options = { ...RETENTION, workflowRetention: RETENTION.idempotencyRetention };
    return [workflow({ name: names.orchestrator, handlers: { run }, options }), ...gathering];
  }
  const run = handlers.handler(serdes, (ctx, call: Call) => orchestrate(ctx, served, calling(ctx, names.functions), call, subscribers));
  return [service({ name: names.orchestrator, handlers: { run }, options: RETENTION }), functionService(served, bodies), ...gathering];
}

/** One handler a function. It listens to cancellation, since a body awaits nothing of Restate's that could be cancelled. */
function functionService({ names, program }: Served, bodies: Bodies) {
  const handle = async (ctx: Context, call: Call): Promise<Ended> => {
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    ctx.request().attemptCompletedSignal.addEventListener('abort', abort, { once: true });
    (ctx as internal.ContextInternal).cancellation().then(abort, abort);
    return bodies.run(call, controller.signal);
  };
  const entries = Object.entries(program.functions).map(([fn, { timeoutMs }]) => {
    // While a body runs, its handler is silent: longer than that, and Restate would suspend it.
    const inactivityTimeout = timeoutMs + SILENCE_MS;
    return [
      handlerName(fn),
      handlers.handler({ input: callSerde, output: endedSerde, explicitCancellation: true, inactivityTimeout }, handle),
    ];
  });
  return service({ name: names.functions, handlers: Object.fromEntries(entries), options: RETENTION });
}

/** Functions as calls of another service. */
function calling(ctx: Context, functions: string): Pick<Effects, 'start'> {
  return {
    start(call): Started {
      checkSize(`all inputs of function "${call.fn}" together`, call.inputs, MESSAGE_LIMIT_BYTES);
      const ended = ctx.genericCall<Call, Ended>({
        service: functions,
        method: handlerName(call.fn),
        parameter: call,
        inputSerde: callSerde,
        outputSerde: endedSerde,
      });
      return { ended, cancel: async () => ctx.cancel(await ended.invocationId) };
    },
  };
}

/** Functions as durable steps of the orchestrating handler, in its own process. */
function stepping(ctx: Context, bodies: Bodies): Pick<Effects, 'start'> {
  const { attemptCompletedSignal, id } = ctx.request();
  return {
    start(call): Started {
      const controller = new AbortController();
      const signal = AbortSignal.any([controller.signal, attemptCompletedSignal]);
      const ended = ctx.run(call.fn, () => bodies.run({ ...call, root: id }, signal), { serde: endedSerde });
      return { ended, cancel: () => Promise.resolve(controller.abort()) };
    },
  };
}

async function orchestrate(
  ctx: Context,
  { names, program }: Served,
  functions: Pick<Effects, 'start'>,
  call: Call,
  subscribers: Subscribers,
): Promise<Ended> {
  const effects: Effects = {
    ...functions,
    gather: (index, value) => {
      const parameter = { ...call, inputs: [value] };
      ctx.genericSend({ service: names.gatherer, method: 'add', key: String(index), parameter, inputSerde: callSerde });
    },
    publish: (ended) => ctx.run('publish', () => subscribers.publish(ended)),
  };
  const flow = new Flow(ctx, program, effects, call);
  if (!program.isStreaming) return flow.run();
  try {
    const ended = await flow.run();
    // Not worth recording: if it gets lost, the session is cancelled when it is over, to no effect.
    if (call.isWatched) subscribers.tellOver(call.run).catch(() => {});
    return ended;
  } catch (error) {
    if (error instanceof TerminalError) await ctx.run('tell', () => subscribers.tellFailed(call.run, error));
    throw error;
  }
}
