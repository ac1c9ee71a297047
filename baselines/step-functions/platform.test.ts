import test from 'ava';
import type { Platform } from '../../workloads/api/driver.ts';
import { flow, invoke, textOf } from '../../workloads/conformance/case.ts';
import { remaining } from '../../workloads/conformance/footprint.ts';
import { stepFunctions } from './driver.ts';

const options = { executors: 2, dataDir: import.meta.dirname };

async function withPlatform(use: (platform: Platform) => Promise<void>): Promise<void> {
  const platform = await stepFunctions.start(options);
  try {
    await use(platform);
  } finally {
    await platform.stop();
  }
}

test.serial('The first value is the result, although another branch never ends', (t) =>
  withPlatform(async (platform) => {
    const race = flow(
      { fork: 'echo', quick: 'echo', slow: 'hang' },
      [{ pattern: 'parallel', from: 'fork', to: ['slow', 'quick'] }],
      'first',
    );
    const deployment = await platform.deploy(race);
    for (let round = 0; round < 3; round++) {
      const { outputs, trace } = await invoke(deployment, 'v');
      t.deepEqual(
        outputs.map((output) => [output.from, textOf(output)]),
        [['quick', 'v']],
      );
      t.deepEqual(trace.spans.map(({ fn }) => fn).sort(), ['fork', 'quick']);
    }
  }),
);

test.serial('Functions that wait for their turn are not timed out, and share a process as they allow', (t) =>
  withPlatform(async (platform) => {
    const naps = (concurrency: number) =>
      flow({ items: 'lines', each: { body: 'nap', timeoutMs: 5_000, concurrency }, join: 'describe' }, [
        { pattern: 'map', from: 'items', each: 'each', to: 'join' },
      ]);
    for (const [concurrency, most] of [
      [1, 2],
      [3, 6],
    ] as const) {
      const deployment = await platform.deploy(naps(concurrency));
      const { trace } = await invoke(deployment, '5\n'.repeat(30));
      const spans = trace.spans.filter(({ fn }) => fn === 'each');
      const together = spans.map(({ startedNs: at }) => spans.filter(({ startedNs, endedNs }) => startedNs <= at && at < endedNs).length);
      t.is(spans.length, 30);
      t.true(Math.max(...together) <= most, `${Math.max(...together)} at once`);
    }
  }),
);

test.serial('What is deployed while a process is being replaced runs there too', (t) =>
  withPlatform(async (platform) => {
    const before = platform.pids();
    const blocking = await platform.deploy(flow({ only: { body: 'block', timeoutMs: 50 } }, [], 'first'));
    await t.throwsAsync(invoke(blocking, ''), { code: 'FUNCTION_TIMED_OUT' });
    const isReplaced = (): boolean => platform.pids().length === before.length && platform.pids().some((pid) => !before.includes(pid));
    for (let round = 0, after = 0; round < 200 && after < 2; round++) {
      if (isReplaced()) after++;
      const deployment = await platform.deploy(flow({ only: 'echo' }, []));
      const both = await Promise.all(['a', 'b'].map((text) => invoke(deployment, text)));
      t.deepEqual(
        both.map(({ outputs }) => outputs.map(textOf)),
        [['a'], ['b']],
      );
    }
    t.true(isReplaced());
  }),
);

test.serial('If the service alone is killed, its runs reject and a function that blocks ends too', async (t) => {
  const platform = await stepFunctions.start(options);
  try {
    const pids = platform.pids();
    const deployment = await platform.deploy(flow({ only: 'block' }, [], 'first'));
    const running = t.throwsAsync(invoke(deployment, ''), { code: 'PLATFORM_FAILED' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.kill(pids[0]!, 'SIGKILL');
    await running;
    t.deepEqual(await remaining(pids, 5_000), []);
    // The platform hears of it a little later.
    for (let look = 0; look < 250 && platform.pids().length > 0; look++) await new Promise((resolve) => setTimeout(resolve, 20));
    t.deepEqual(platform.pids(), []);
    await t.throwsAsync(invoke(deployment, ''), { code: 'PLATFORM_UNAVAILABLE' });
    await t.throwsAsync(platform.deploy(flow({ only: 'echo' }, [])), { code: 'PLATFORM_UNAVAILABLE' });
  } finally {
    await platform.stop();
  }
});
