import test from 'ava';
import type { Client } from '../client/client.ts';
import type { AppDefinition, TriggerDefinition } from '../core/app.ts';
import { LIMITS } from '../core/limits.ts';
import { type Mishap, STEPS } from './testing/flaky-bodies.ts';
import {
  ATTEMPTS,
  CODES,
  chain,
  HINT_MS,
  LONG_TIMEOUT_MS,
  MISHAPS,
  passedBy,
  RIGHT,
  randomMishaps,
  randomOf,
  scriptOf,
  timeoutFor,
} from './testing/flaky-chain.ts';
import { endsEmpty, fn, INPUT, nodeOf, outcomeOf } from './testing/node.ts';

/** What the caller gets: the steps that were passed, once for each output, or a code. */
async function outcome(client: Client, app: string, input: Uint8Array): Promise<string> {
  try {
    const { outputs } = await client.call(app, 's0', input, { answer: 'all' });
    return passedBy(outputs.map(({ bytes }) => bytes));
  } catch (error) {
    return (error as { code: string }).code;
  }
}

for (const mishap of MISHAPS) {
  test.serial(
    `a step that goes wrong once (${mishap}) runs again by itself, wherever it is, and the caller gets the result once`,
    async (t) => {
      const { client } = await nodeOf(t);
      await client.register(chain({ level: 'function', attempts: ATTEMPTS }, timeoutFor(mishap)));
      const inputs = await Promise.all(STEPS.map((step) => scriptOf(t, { [step]: [mishap] })));
      t.deepEqual(await Promise.all(inputs.map((input) => outcome(client, 'function', input))), [RIGHT, RIGHT, RIGHT, RIGHT]);
      await endsEmpty(t, client);
    },
  );
}

test.serial(
  'a session in which a step goes wrong runs again from its input where its app says so, and the caller gets the result once',
  async (t) => {
    const { client } = await nodeOf(t);
    await client.register(chain({ level: 'workflow' }));
    const causes: readonly Mishap[] = ['throw', 'throw-after-sending', 'never-settle', 'block', 'exit'];
    const inputs = await Promise.all(causes.flatMap((mishap) => ['s0', 's2'].map((step) => scriptOf(t, { [step]: [mishap] }))));
    const outcomes = await Promise.all(inputs.map((input) => outcome(client, 'workflow', input)));
    t.deepEqual(new Set(outcomes), new Set([RIGHT]));
    await endsEmpty(t, client);
  },
);

test.serial(
  'a session without a result in time runs again from its input, and its caller is told when its attempts are over',
  async (t) => {
    const { client } = await nodeOf(t);
    await client.register(chain({ level: 'workflow', attempts: 2, timeoutMs: 1_500 }, LONG_TIMEOUT_MS));
    const input = await scriptOf(t, { s1: ['never-settle'] });
    t.is(await outcome(client, 'workflow', input), RIGHT);
    const forever = await scriptOf(t, { s1: ['never-settle', 'never-settle', 'never-settle'] });
    await t.throwsAsync(client.call('workflow', 's0', forever), {
      code: 'DEADLINE_EXCEEDED',
      message: 'app "workflow": expected the run to be over within 1500 ms, and it was not in 2 attempts',
    });
  },
);

test.serial("where nothing is to run again, the first fault is the caller's", async (t) => {
  const { client } = await nodeOf(t);
  for (const [mishap, code] of Object.entries(CODES)) {
    await client.register(chain({ level: 'off' }, timeoutFor(mishap as Mishap)));
    const input = await scriptOf(t, { s1: [mishap as Mishap] });
    t.is(await outcomeOf(client.call('off', 's0', input)), code, mishap);
  }
  await endsEmpty(t, client);
});

test.serial('a step that goes wrong each time fails its call with what was wrong with it, after its attempts', async (t) => {
  const { client } = await nodeOf(t);
  const always = (mishap: Mishap) => scriptOf(t, { s2: Array.from({ length: 2 * LIMITS.attempts }, () => mishap) });
  for (const [mishap, code] of Object.entries({ ...CODES, silence: 'TOO_MANY_RERUNS' })) {
    for (const level of ['function', 'workflow'] as const) {
      // Nobody can tell that a step has said nothing, if not the bucket that waits for it.
      if (mishap === 'silence' && level === 'workflow') continue;
      await client.register(chain({ level }, timeoutFor(mishap as Mishap)));
      t.is(await outcome(client, level, await always(mishap as Mishap)), code, mishap);
    }
  }
  await endsEmpty(t, client);
});

test.serial('among steps that go wrong at random, every call gets the right result once or a clear error, at each level', async (t) => {
  const { client } = await nodeOf(t);
  const codes = new Set(Object.values(CODES));
  const seed = Number(process.env.SEED ?? Date.now() % 1e6);
  t.log(`seed ${seed}`);
  const random = randomOf(seed);
  for (const level of ['function', 'workflow', 'off'] as const) {
    await client.register(chain(level === 'off' ? { level } : { level, attempts: ATTEMPTS }));
    const inputs = await Promise.all(Array.from({ length: 30 }, () => scriptOf(t, randomMishaps(random))));
    const outcomes = await Promise.all(inputs.map((input) => outcome(client, level, input)));
    if (level === 'function') t.deepEqual(new Set(outcomes), new Set([RIGHT]));
    // Nothing at all is what a call gets in which a step said nothing.
    else for (const each of outcomes) t.true(each === RIGHT || each === '' || codes.has(each), each);
    t.true(outcomes.includes(RIGHT));
  }
  await endsEmpty(t, client);
});

/** One source that goes wrong the first time, and a trigger for what it sends, which counts. */
function letters(source: string, trigger: Pick<TriggerDefinition, 'primitive'>): AppDefinition {
  return {
    name: 'letters',
    functions: [fn('flaky-bodies', source), fn('flaky-bodies', 'lists')],
    buckets: [{ name: 'letters' }],
    triggers: [
      {
        name: 'each',
        bucket: 'letters',
        target: 'lists',
        rerun: [{ source, key: 'c', timeoutMs: HINT_MS }],
        ...trigger,
      } as TriggerDefinition,
    ],
  };
}

for (const [title, source, trigger, expected] of [
  ['ByBatchSize', 'scatters', { primitive: 'by-batch-size', size: 3 }, 'abc'],
  ['Redundant', 'scattersHalf', { primitive: 'redundant', k: 3, n: 3 }, 'abc'],
  ['DynamicGroup', 'scattersHalf', { primitive: 'dynamic-group', sources: ['scattersHalf'] }, 'abc'],
  ['Immediate', 'scatters', { primitive: 'immediate' }, 'a,b,c'],
] as const) {
  test.serial(`${title} is told once of what a source sends twice, and fires once with it`, async (t) => {
    const { client } = await nodeOf(t);
    await client.register(letters(source, trigger as Pick<TriggerDefinition, 'primitive'>));
    const { outputs } = await client.call('letters', source, INPUT, { answer: 'all' });
    const lists = outputs.map(({ bytes }) => Buffer.from(bytes).toString()).sort();
    t.is(lists.join(), expected);
    await endsEmpty(t, client);
  });
}
