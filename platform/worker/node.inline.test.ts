import test from 'ava';
import type { CallResult } from '../client/run.ts';
import type { AppDefinition } from '../core/app.ts';
import { appOf, endsEmpty, fn, INPUT, nodeOf, textOf } from './testing/node.ts';

const life = (name: string, more = {}) => fn('life-bodies', name, more);

function numberOf({ outputs }: CallResult): number {
  return new Float64Array(Uint8Array.from(outputs[0]?.bytes ?? []).buffer)[0] as number;
}

/** A function that hands on to itself `length` times. */
function loopApp(length: number, more: Partial<AppDefinition> = {}): AppDefinition {
  const step = life('step', { config: { length, next: 'again' } });
  return appOf('loop', [step], [{ name: 'again', primitive: 'immediate', target: 'step' }], more);
}

for (const inline of [true, false]) {
  test.serial(`a chain of 10,000 hops comes to its end, run on ${inline ? 'inline' : 'by others'}`, async (t) => {
    const { client } = await nodeOf(t);
    await client.register(loopApp(10_000, { inline }));
    const result = await client.call('loop', 'step', INPUT, { trace: true });
    t.is(numberOf(result), 10_000);
    t.is(result.spans.length, 10_000);
    await endsEmpty(t, client);
  });
}

test.serial('a session that hands on for ever starves neither other sessions nor the timers of bodies that await', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(
    appOf('life', [life('onAndOn', { concurrency: 8 }), life('echo', { concurrency: 8 }), life('beats', { concurrency: 8 })]),
  );
  const run = client.start('life', 'onAndOn', INPUT);
  for (let i = 0; i < 20; i++) t.is(await textOf(client.call('life', 'echo', INPUT)), 'input');
  t.is(await textOf(client.call('life', 'beats', INPUT)), 'beaten');
  run.cancel();
  await endsEmpty(t, client);
});

for (const inline of [true, false]) {
  test.serial(`what a function sends is started elsewhere while it computes on, also where inline is ${inline}`, async (t) => {
    const { client } = await nodeOf(t, { executors: 2 });
    const start = { name: 'start', primitive: 'immediate', target: 'begins' } as const;
    const begun = { name: 'begun', primitive: 'by-name', key: 'no', target: 'begins' } as const;
    await client.register(appOf('life', [life('computesUntilBegun'), life('begins')], [start, begun], { inline }));
    for (let round = 0; round < 10; round++) {
      const { spans } = await client.call('life', 'computesUntilBegun', INPUT, { trace: true, answer: 'all' });
      const [sender, receiver] = ['computesUntilBegun', 'begins'].map((name) => spans.find((span) => span.fn === name));
      t.true((receiver?.startedNs ?? Number.POSITIVE_INFINITY) < (sender?.endedNs ?? 0), `round ${round}`);
    }
  });
}

test.serial('where running on inline is forbidden, another thread runs what is sent, as soon as one is at hand', async (t) => {
  const { client } = await nodeOf(t, { executors: 2 });
  const next = { name: 'next', primitive: 'immediate', target: 'addThread' } as const;
  await client.register(appOf('life', [life('threadThenNext'), life('addThread')], [next], { inline: false }));
  const others: boolean[] = [];
  for (let call = 0; call < 200 && others.filter(Boolean).length < 10; call++) {
    const [first, second] = (await textOf(client.call('life', 'threadThenNext', INPUT))).split(',');
    others.push(first !== second);
  }
  t.is(others.filter(Boolean).length, 10, `of ${others.length} calls`);
});
