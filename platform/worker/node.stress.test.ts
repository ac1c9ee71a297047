import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { memoryBytes } from '../../harness/run/processes.ts';
import type { Client } from '../client/client.ts';
import type { CallResult } from '../client/run.ts';
import type { AppDefinition, FunctionDefinition, Primitive } from '../core/app.ts';
import { appOf, endsEmpty, fn, INPUT, nodeOf, outcomeOf } from './testing/node.ts';
import type { Stage } from './testing/stress-bodies.ts';

const WIDEST = 200;
const stages = fc.array(
  fc.record<Stage>({
    kind: fc.constantFrom('immediate', 'by-name', 'by-set', 'dynamic-group'),
    fan: fc.integer({ min: 1, max: 6 }),
    groups: fc.integer({ min: 1, max: 3 }),
    mode: fc.constantFrom('at once', 'at once', 'compute', 'await'),
  }),
  { minLength: 1, maxLength: 7 },
);
const pipeline = fc
  .record({ stages, inline: fc.boolean(), concurrency: fc.constantFrom(1, 4, 64) })
  .filter(({ stages }) => isSmall(stages));

/** The numbers that come out where `number` goes in. */
function outcome(stages: readonly Stage[], number: number): number[] {
  let numbers = [number];
  for (const { kind, fan, groups } of stages.slice(0, -1)) {
    const sent = numbers.flatMap((each) => Array.from({ length: fan }, (_, key) => ({ key, number: each + key })));
    const sumWhere = (wanted: (key: number) => boolean): number =>
      sent.reduce((sum, { key, number }) => (wanted(key) ? sum + number : sum), 0);
    if (kind === 'immediate') numbers = sent.map(({ number }) => number);
    else if (kind === 'by-name') numbers = sent.filter(({ key }) => key === 0).map(({ number }) => number);
    else if (kind === 'by-set') numbers = [sumWhere(() => true)];
    else numbers = Array.from({ length: Math.min(fan, groups) }, (_, group) => sumWhere((key) => key % groups === group));
  }
  return numbers;
}

/** A set of keys is sent once only where one invocation sends it. */
function isSmall(stages: readonly Stage[]): boolean {
  return stages.every(({ kind }, i) => {
    const width = outcome([...stages.slice(0, i), stages[i] as Stage], 0).length;
    return width <= WIDEST && (kind !== 'by-set' || width === 1);
  });
}

function primitiveOf({ kind, fan }: Stage, source: string): Primitive {
  switch (kind) {
    case 'immediate':
      return { primitive: kind };
    case 'by-name':
      return { primitive: kind, key: '0' };
    case 'by-set':
      return { primitive: kind, keys: Array.from({ length: fan }, (_, key) => `${key}`) };
    case 'dynamic-group':
      return { primitive: kind, sources: [source] };
  }
}

function pipelineApp(
  name: string,
  { stages, inline, concurrency }: { stages: Stage[]; inline: boolean; concurrency: number },
): AppDefinition {
  const functions = stages.map((stage, i): FunctionDefinition => {
    const next = i + 1 < stages.length ? `to${i + 1}` : undefined;
    return {
      ...fn('stress-bodies', 'stage', { config: { ...stage, next }, concurrency, sends: next === undefined ? [] : [next] }),
      name: `f${i}`,
    };
  });
  const triggers = stages.slice(0, -1).map((stage, i) => ({ ...primitiveOf(stage, `f${i}`), name: `to${i + 1}`, target: `f${i + 1}` }));
  return appOf(name, functions, triggers, { inline });
}

function numbersOf({ outputs }: CallResult): number[] {
  return outputs.map(({ bytes }) => Number(Buffer.from(bytes).toString())).sort((a, b) => a - b);
}

async function comesOut(t: ExecutionContext, clients: readonly Client[], numRuns: number): Promise<void> {
  let apps = 0;
  const run = fc.asyncProperty(pipeline, fc.integer({ min: 1, max: 20 }), async (random, calls) => {
    const name = `app ${apps++}`;
    await clients[0]?.register(pipelineApp(name, random));
    const checked = Array.from({ length: calls }, async (_, i) => {
      const caller = clients[i % clients.length] as Client;
      const result = await caller.call(name, 'f0', Buffer.from(`${i}`), { answer: 'all', deadlineMs: 30_000 });
      t.deepEqual(
        numbersOf(result),
        outcome(random.stages, i).sort((a, b) => a - b),
      );
    });
    await Promise.all(checked);
    await clients[0]?.unregister(name);
  });
  await fc.assert(run, { numRuns, endOnFailure: true });
}

for (const executors of [1, 2, 4]) {
  test.serial(`random pipelines under the load of several clients come to what they must, on ${executors} executors`, async (t) => {
    const { client, connect } = await nodeOf(t, { executors });
    await comesOut(t, [client, await connect(), await connect()], 40);
    await endsEmpty(t, client);
  });
}

test.serial('random pipelines come to what they must while one thread after the other dies under them', async (t) => {
  const { client, connect } = await nodeOf(t, { executors: 3 });
  const faults = ['exits', 'spins', 'sendsForever', 'spinsAfterAwait'];
  const functions = [...faults, 'echo'].map((name) => fn('fault-bodies', name, { timeoutMs: 30 }));
  await client.register(appOf('faults', functions));
  let over = false;
  const outcomes = new Set<string>();
  const killing = (async () => {
    while (!over) for (const name of faults) outcomes.add(await outcomeOf(client.call('faults', name, INPUT, { answer: 'all' })));
  })();
  await comesOut(t, [await connect(), await connect()], 20).finally(() => {
    over = true;
  });
  await killing;
  // Which of the two is a matter of how fast a thread ends.
  t.deepEqual([...outcomes.difference(new Set(['EXECUTOR_DIED', 'FUNCTION_TIMED_OUT']))], []);
  await endsEmpty(t, client);
});

const life = (name: string, more: Partial<FunctionDefinition> = {}) => fn('life-bodies', name, more);

/** Calls that end in every way there is; each resolves with how it ended. */
const KINDS: readonly (readonly [expected: string, call: (client: Client) => Promise<string>])[] = [
  ['ok', (client) => outcomeOf(client.call('chain', 'step', INPUT))],
  ['ok', (client) => outcomeOf(client.call('set', 'split', INPUT))],
  ['ok', (client) => outcomeOf(client.call('group', 'split', INPUT, { answer: 'all', trace: true }))],
  ['FUNCTION_FAILED', (client) => outcomeOf(client.call('ends', 'fails', INPUT))],
  ['NO_OUTPUT', (client) => outcomeOf(client.call('ends', 'none', INPUT))],
  ['FUNCTION_TIMED_OUT', (client) => outcomeOf(client.call('ends', 'waits', INPUT))],
  ['DEADLINE_EXCEEDED', (client) => outcomeOf(client.call('ends', 'waitsLonger', INPUT, { deadlineMs: 10 }))],
  [
    'CANCELLED',
    (client) => {
      const { result, cancel } = client.start('ends', 'waitsLonger', INPUT);
      setTimeout(cancel, 5);
      return outcomeOf(result);
    },
  ],
];

async function registerKinds(client: Client): Promise<void> {
  const again = { name: 'again', primitive: 'immediate', target: 'step' } as const;
  await client.register(appOf('chain', [life('step', { config: { length: 5, next: 'again' } })], [again]));
  const fan = (primitive: Primitive): readonly [FunctionDefinition[], Parameters<typeof appOf>[2]] => [
    [
      life('split', { config: { width: 8, bucket: 'work' }, sends: ['work'] }),
      life('pass', { config: { next: 'joined', group: 'g' }, sends: ['joined'] }),
      life('join'),
    ],
    [
      { name: 'work', primitive: 'immediate', target: 'pass' },
      { ...primitive, name: 'joined', target: 'join' },
    ],
  ];
  await client.register(appOf('set', ...fan({ primitive: 'by-set', keys: Array.from({ length: 8 }, (_, i) => `${i}`) })));
  await client.register(appOf('group', ...fan({ primitive: 'dynamic-group', sources: ['pass'] })));
  const waits = life('waits', { timeoutMs: 10, concurrency: 64 });
  await client.register(appOf('ends', [life('fails'), life('none'), waits, { ...waits, name: 'waitsLonger', timeoutMs: 60_000 }]));
}

test.serial('10,000 sessions that end in every way leave nothing behind, and the process does not grow with them', async (t) => {
  const { client, pid } = await nodeOf(t, { executors: 2 });
  await registerKinds(client);
  const sizes: number[] = [];
  for (let window = 0; window < 4; window++) {
    for (let batch = 0; batch < 25; batch++) {
      const calls = Array.from({ length: 100 }, (_, i) => KINDS[i % KINDS.length] as (typeof KINDS)[number]);
      const outcomes = await Promise.all(calls.map(([, call]) => call(client)));
      t.deepEqual(
        outcomes,
        calls.map(([expected]) => expected),
      );
    }
    await endsEmpty(t, client);
    sizes.push(memoryBytes(pid));
  }
  t.is((await client.status()).executors.length, 2);
  // Growing with the sessions, the last windows would add what the first ones did.
  t.true((sizes[3] as number) < 1.5 * (sizes[1] as number), `${sizes.map((size) => Math.round(size / 2 ** 20))} MiB`);
});
