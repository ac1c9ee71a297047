import test, { type ExecutionContext } from 'ava';
import type { Client } from '../client/client.ts';
import type { AppDefinition } from '../core/app.ts';
import { appOf, endsEmpty, fn, nodeOf, outcomeOf, statusOnce, type TestNode } from './testing/node.ts';

const ARENA_BYTES = 2 ** 28;
const QUIET_CALLS = 10;
const FLOOD_CALLS = 45_000;
const NOISY_IN_FLIGHT = 8;

const QUIET = appOf('quiet', [fn('noisy-bodies', 'grows')], [{ name: 'grown', primitive: 'immediate', target: 'grows' }]);

function noisyApp(body: string, more: Partial<AppDefinition> = {}): AppDefinition {
  return appOf(
    'noisy',
    [fn('noisy-bodies', body, body === 'loops' ? { timeoutMs: 100 } : {}), ...(body === 'works' ? [] : [fn('noisy-bodies', 'works')])],
    [],
    more,
  );
}

/** Calls the quiet app's chain, one call after the other; every answer is right. */
async function staysQuiet(t: ExecutionContext, client: Client): Promise<void> {
  for (let call = 0; call < QUIET_CALLS; call++) {
    const { outputs } = await client.call('quiet', 'grows', Uint8Array.of(call));
    t.deepEqual([...(outputs[0]?.bytes ?? [])], [call, 1, 2, 3, 4]);
  }
}

/** Goes on calling the noisy app until `isOver` says so; returns what became of the calls. */
async function makeNoise(client: Client, body: string, isOver: () => boolean): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  const caller = async (): Promise<void> => {
    while (!isOver()) {
      const outcome = await outcomeOf(client.call('noisy', body, Uint8Array.of(0), { answer: 'all' }));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: NOISY_IN_FLIGHT }, caller));
  return outcomes;
}

async function neighbours(t: ExecutionContext, noisy: AppDefinition, arenaBytes = ARENA_BYTES): Promise<TestNode> {
  const node = await nodeOf(t, { executors: 2, arenaBytes });
  await node.client.register(QUIET);
  await node.client.register(noisy);
  return node;
}

const NOISES: readonly (readonly [title: string, body: string, outcomes: readonly string[], more?: Partial<AppDefinition>])[] = [
  ['loops', 'loops', ['FUNCTION_TIMED_OUT']],
  ['ends its threads', 'exits', ['EXECUTOR_DIED']],
  ['ends its processes', 'exits', ['EXECUTOR_DIED'], { isolation: 'processes' }],
  ['throws', 'throws', ['FUNCTION_FAILED']],
  ['leaks rejections', 'leaksRejections', ['FUNCTION_FAILED', 'ok']],
  ['fills its memory', 'fillsMemory', ['OUT_OF_MEMORY', 'OVERLOADED'], { memoryBytes: ARENA_BYTES / 2 }],
];

for (const [title, body, expected, more] of NOISES) {
  test.serial(`an app that ${title} is alone with it: each call of a quiet neighbour is answered rightly`, async (t) => {
    const { client, connect } = await neighbours(t, noisyApp(body, more));
    let over = false;
    const noise = makeNoise(await connect(), body, () => over);
    await staysQuiet(t, client).finally(() => {
      over = true;
    });
    const outcomes = [...(await noise).keys()];
    t.true(outcomes.length > 0 && outcomes.every((outcome) => expected.includes(outcome)), `${outcomes}`);
    await endsEmpty(t, client);
  });
}

test.serial(
  'an app that floods the node has its calls refused beyond its share, and those of a quiet neighbour are all answered rightly',
  async (t) => {
    const { client, connect } = await neighbours(t, noisyApp('works'), 2 ** 32);
    const flooding = await connect();
    const outcomes = new Map<string, number>();
    const flood = Array.from({ length: FLOOD_CALLS }, async () => {
      const outcome = await outcomeOf(flooding.call('noisy', 'works', Uint8Array.of(0)));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    });
    const { sessions } = await statusOnce(client, (status) => status.sessions > 1_000);
    t.true(sessions > 1_000);
    await staysQuiet(t, client);
    // Answered when all calls of the flood have been taken in.
    await flooding.status();
    await client.unregister('noisy');
    await Promise.all(flood);
    t.true((outcomes.get('OVERLOADED') ?? 0) > 0);
    t.deepEqual(
      [...outcomes.keys()].filter((outcome) => !['ok', 'OVERLOADED', 'CANCELLED', 'UNKNOWN_APP'].includes(outcome)),
      [],
    );
    await endsEmpty(t, client);
  },
);

test.serial('what an app starts on a thread does not hold up the next functions of a quiet neighbour there', async (t) => {
  const { client, connect } = await neighbours(
    t,
    noisyApp('fansOut', { functions: [fn('noisy-bodies', 'fansOut'), fn('noisy-bodies', 'works')] }),
  );
  const noisy = await connect();
  let isDone = false;
  const noise = Promise.all([0, 1].map(() => outcomeOf(noisy.call('noisy', 'fansOut', Uint8Array.of(0), { answer: 'all' })))).then(
    (outcomes) => {
      isDone = true;
      return outcomes;
    },
  );
  await client.call('noisy', 'works', Uint8Array.of(0));
  for (let call = 0; call < 5; call++) await client.call('quiet', 'grows', Uint8Array.of(call));
  t.false(isDone, 'five chains of five functions are over before ten thousand others');
  t.deepEqual(await noise, ['ok', 'ok']);
  await endsEmpty(t, client);
});
