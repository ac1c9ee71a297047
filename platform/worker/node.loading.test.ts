import test from 'ava';
import { appOf, endsEmpty, fn, INPUT, nodeOf, outcomeOf, textOf } from './testing/node.ts';

const LOAD_MS = 500;
const WORKING = appOf('working', [fn('fault-bodies', 'echo')]);

for (const isolation of ['threads', 'processes'] as const) {
  test.serial(`a module that blocks when it is imported fails its registration, and leaves the node to others: ${isolation}`, async (t) => {
    const { client } = await nodeOf(t, { executors: 2, loadMs: LOAD_MS });
    await client.register(WORKING);
    let over = false;
    const blocking = appOf('blocking', [fn('blocking-module', 'never')], [], { isolation });
    const registration = t
      .throwsAsync(client.register(blocking), { message: 'app "blocking": expected its functions to load within 500 ms' })
      .finally(() => {
        over = true;
      });
    do t.is(await textOf(client.call('working', 'echo', INPUT)), 'input');
    while (!over);
    await registration;
    t.is(await textOf(client.call('working', 'echo', INPUT)), 'input');
    t.deepEqual((await client.status()).apps, ['working']);
    await endsEmpty(t, client);
  });
}

test.serial('what is to be loaded on first use is registered at once, and its faults come with its calls', async (t) => {
  const { client } = await nodeOf(t, { executors: 2, loadMs: LOAD_MS });
  const functions = [fn('blocking-module', 'never'), fn('fault-bodies', 'echo'), fn('fault-bodies', 'absent')];
  await client.register(appOf('cold', functions, [], { warm: false }));
  t.is(await textOf(client.call('cold', 'echo', INPUT)), 'input');
  t.is(await outcomeOf(client.call('cold', 'absent', INPUT)), 'FUNCTION_LOAD_FAILED');
  t.is(await outcomeOf(client.call('cold', 'never', INPUT)), 'FUNCTION_TIMED_OUT');
  t.is(await textOf(client.call('cold', 'echo', INPUT)), 'input');
  await endsEmpty(t, client);
});
