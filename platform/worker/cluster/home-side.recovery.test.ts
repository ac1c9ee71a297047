import test from 'ava';
import type { Mishap } from '../testing/flaky-bodies.ts';
import { ATTEMPTS, chain, MISHAPS, passedBy, RIGHT, randomMishaps, randomOf, scriptOf, timeoutFor } from '../testing/flaky-chain.ts';
import { smallCluster, type TestWorker } from './testing/small-cluster.ts';

const LABELS = ['a', 'b'];
const NODES = LABELS.map((label) => ({ labels: [label] }));

async function outcome(worker: TestWorker, app: string, input: Uint8Array): Promise<string> {
  try {
    const { outputs } = await worker.call(app, 's0', input, { answer: 'all' });
    return passedBy(outputs.map((text) => Buffer.from(text)));
  } catch (error) {
    return `${error}`;
  }
}

for (const mishap of MISHAPS) {
  test.serial(
    `a step that goes wrong once (${mishap}) runs again, at home or at a guest, and the caller gets the result once`,
    async (t) => {
      const { workers, install, emptied } = await smallCluster(t, NODES);
      await install(chain({ level: 'function', attempts: ATTEMPTS }, timeoutFor(mishap), LABELS));
      const scripts = ['s0', 's1', 's2', 's3'].map((step): Record<string, Mishap[]> => ({ [step]: [mishap] }));
      const calls = scripts.flatMap((script) => workers.map(async (worker) => outcome(worker, 'function', await scriptOf(t, script))));
      t.deepEqual(new Set(await Promise.all(calls)), new Set([RIGHT]));
      await emptied();
    },
  );
}

test.serial('among steps of two nodes that go wrong at random, every call gets the right result once', async (t) => {
  const { workers, install, emptied } = await smallCluster(t, NODES);
  await install(chain({ level: 'function', attempts: ATTEMPTS }, undefined, LABELS));
  const seed = Number(process.env.SEED ?? Date.now() % 1e6);
  t.log(`seed ${seed}`);
  const random = randomOf(seed);
  const scripts = await Promise.all(Array.from({ length: 20 }, () => scriptOf(t, randomMishaps(random))));
  const outcomes = await Promise.all(
    scripts.map((script, call) => outcome(workers[call % workers.length] as TestWorker, 'function', script)),
  );
  t.deepEqual(new Set(outcomes), new Set([RIGHT]));
  await emptied();
});
