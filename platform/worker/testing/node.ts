/** A worker node in a process of its own, and a client of it, for tests. */
import type { ExecutionContext } from 'ava';
import { type Client, connectClient } from '../../client/client.ts';
import type { AppDefinition, FunctionDefinition, Primitive } from '../../core/app.ts';
import { PheromoneError } from '../../core/errors.ts';
import { spawnRole } from '../../launch/spawn.ts';
import type { Surroundings } from '../../launch/start-role.ts';
import type { WorkerOptions } from '../options.ts';

const POLL_MS = 10;
const POLLS = 2_000;

export const INPUT = Buffer.from('input');

export interface TestNode {
  readonly pid: number;
  readonly client: Client;
  /** A further client; closed with the node. */
  connect(): Promise<Client>;
}

/** Starts a node; it and its clients are gone when the test is over. */
export async function nodeOf(t: ExecutionContext, options: Partial<WorkerOptions> = {}, surroundings?: Surroundings): Promise<TestNode> {
  const { port, pid, stop } = await spawnRole('worker', { arenaBytes: 2 ** 28, ...options }, surroundings);
  t.teardown(stop);
  const connect = async (): Promise<Client> => {
    const client = await connectClient({ host: '127.0.0.1', port });
    t.teardown(() => client.close());
    return client;
  };
  return { pid, client: await connect(), connect };
}

/** A function called `name`: the export of that name of `bodies`, unless `more` says otherwise. */
export function fn(bodies: string, name: string, more: Partial<FunctionDefinition> = {}): FunctionDefinition {
  return { name, module: new URL(`./${bodies}.ts`, import.meta.url).href, export: name, ...more };
}

/** A trigger that its app gives a bucket. */
export type UnplacedTrigger = Primitive & { readonly name: string; readonly target: string };

/** An app where every trigger's bucket is named like its trigger. */
export function appOf(
  name: string,
  functions: readonly FunctionDefinition[],
  triggers: readonly UnplacedTrigger[] = [],
  more: Partial<AppDefinition> = {},
): AppDefinition {
  return {
    name,
    functions,
    buckets: triggers.map((trigger) => ({ name: trigger.name })),
    triggers: triggers.map((trigger) => ({ ...trigger, bucket: trigger.name })),
    ...more,
  };
}

/** The text that the first output of a call holds. */
export async function textOf(call: ReturnType<Client['call']>): Promise<string> {
  const { outputs } = await call;
  return Buffer.from(outputs[0]?.bytes ?? []).toString();
}

/** What became of a call: `ok`, or the code of its error. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    if (error instanceof PheromoneError) return error.code;
    throw error;
  }
}

type Status = Awaited<ReturnType<Client['status']>>;

/** Waits until the node's status is as it should be; returns the last one that it saw. */
export async function statusOnce(client: Client, holds: (status: Status) => boolean): Promise<Status> {
  let status = await client.status();
  for (let poll = 0; poll < POLLS && !holds(status); poll++) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    status = await client.status();
  }
  return status;
}

/** Asserts that the node comes to hold nothing of any session. */
export async function endsEmpty(t: ExecutionContext, client: Client): Promise<void> {
  const { sessions, memory } = await statusOnce(client, (status) => status.sessions === 0 && status.memory.usedBytes === 0);
  t.deepEqual({ sessions, usedBytes: memory.usedBytes }, { sessions: 0, usedBytes: 0 });
}
