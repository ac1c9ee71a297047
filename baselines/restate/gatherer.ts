/** Batches and windows of app scope: for each a virtual object keeps the values, one writer at a time. */
import { handlers, type ObjectContext, type ObjectOptions, object, type TerminalError } from '@restatedev/restate-sdk';
import type { Batch, Window } from '../../workloads/api/workflow.ts';
import type { Served } from './compile.ts';
import { type Call, callSerde, checkSize, PAYLOAD_LIMIT_BYTES } from './envelope.ts';
import { toTerminal } from './errors.ts';
import type { Subscribers } from './subscribers.ts';

const WAITING = 'waiting';

/** The virtual object; its keys are the positions of the dependencies that gather. */
export function gatherer({ style, names, program }: Served, subscribers: Subscribers, options: ObjectOptions) {
  const take = (ctx: ObjectContext): Promise<Call | null> => ctx.get<Call>(WAITING, callSerde);

  /** Opens a session that starts with the values. */
  const open = (ctx: ObjectContext, fn: string, call: Call): void => {
    ctx.clear(WAITING);
    const run = ctx.rand.uuidv4();
    const parameter: Call = { ...call, run, fn, isWatched: false };
    const key = style === 'steps' ? { key: run } : {};
    ctx.genericSend({ service: names.orchestrator, method: 'run', ...key, parameter, inputSerde: callSerde });
  };

  const add = handlers.object.exclusive({ input: callSerde }, async (ctx: ObjectContext, call: Call) => {
    const d = program.dependencies[Number(ctx.key)] as Batch | Window;
    const waiting = (await take(ctx))?.inputs ?? [];
    const gathered: Call = { ...call, inputs: [...waiting, ...call.inputs] };
    try {
      checkSize(`the values that wait for "${d.to}" together`, gathered.inputs, PAYLOAD_LIMIT_BYTES);
    } catch (error) {
      const failure = toTerminal(error) as TerminalError;
      await ctx.run('tell', () => subscribers.tellFailed(call.run, failure));
      throw failure;
    }
    if (d.pattern === 'batch' && gathered.inputs.length === d.size) return open(ctx, d.to, gathered);
    ctx.set(WAITING, gathered, callSerde);
    if (d.pattern === 'window' && waiting.length === 0) {
      ctx.genericSend({ service: names.gatherer, method: 'close', key: ctx.key, parameter: new Uint8Array(), delay: d.everyMs });
    }
  });

  const close = handlers.object.exclusive({}, async (ctx: ObjectContext) => {
    const gathered = await take(ctx);
    const { to } = program.dependencies[Number(ctx.key)] as Window;
    if (gathered !== null) open(ctx, to, gathered);
  });

  return object({ name: names.gatherer, handlers: { add, close }, options });
}
