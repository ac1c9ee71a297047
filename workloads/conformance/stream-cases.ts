/** Streaming workflows: batches and windows over events of many calls, and what becomes of events that fail. */
import type { Dependency } from '../api/workflow.ts';
import {
  type Collected,
  type ConformanceCase,
  collect,
  conformanceCase,
  described,
  expectError,
  expectSame,
  feed,
  flow,
  soon,
  textOf,
} from './case.ts';

const batchOf = (size: number): Dependency => ({ pattern: 'batch', from: 'take', size, to: 'batch', scope: 'app' });
const batches = flow({ take: 'echo', batch: 'describe' }, [batchOf(3)]);
/** An event goes to the function that it names; what comes out of one of them is gathered. */
const beside = flow({ pick: 'choose', faulty: 'hang', take: 'echo', batch: 'describe' }, [
  { pattern: 'choice', from: 'pick', to: { faulty: 'faulty', sound: 'take' } },
  batchOf(2),
]);

const textsIn = ({ outputs }: Collected): readonly string[] =>
  outputs
    .flatMap(described)
    .map(({ text }) => text)
    .sort();
const codesIn = ({ failures }: Collected): readonly string[] => failures.map(({ code }) => code);

const gathering: readonly ConformanceCase[] = [
  conformanceCase('Batch of app scope: events of several calls make a batch', batches, async (deployment) => {
    const collected = collect(deployment);
    const events = Array.from({ length: 9 }, (_, i) => `e${i}`);
    for (const event of events.slice(0, 7)) await feed(deployment, event);
    const sizes = (await collected.upTo(2)).outputs.map((output) => described(output).length);
    expectSame(sizes, [3, 3], 'sizes');
    for (const event of events.slice(7)) await feed(deployment, event);
    const all = await collected.upTo(3);
    collected.stop();
    expectSame(textsIn(all), events, 'events');
  }),
  conformanceCase(
    'Window of app scope: every event is in one window',
    flow({ take: 'echo', window: 'describe' }, [{ pattern: 'window', from: 'take', everyMs: 20, to: 'window', scope: 'app' }]),
    async (deployment) => {
      const collected = collect(deployment);
      await Promise.all(['a', 'b', 'c'].map((event) => feed(deployment, event)));
      await collected.upTo(1);
      await feed(deployment, 'd');
      for (let windows = 2; textsIn(await collected.upTo(windows)).length < 4; windows++);
      collected.stop();
      expectSame(textsIn(collected), ['a', 'b', 'c', 'd'], 'events');
    },
  ),
  conformanceCase(
    'Joins in the sessions of fed events do not mix',
    flow({ take: 'echo', left: 'dawdle', right: 'dawdle', join: 'describe', batch: 'describe' }, [
      { pattern: 'parallel', from: 'take', to: ['left', 'right'] },
      { pattern: 'assemble', from: ['left', 'right'], to: 'join' },
      { pattern: 'batch', from: 'join', size: 10, to: 'batch', scope: 'app' },
    ]),
    async (deployment) => {
      const collected = collect(deployment);
      const events = Array.from({ length: 10 }, (_, i) => `${i}`);
      await Promise.all(events.map((event) => feed(deployment, event)));
      const all = await collected.upTo(1);
      collected.stop();
      const joined = textsIn(all).map((text) => (JSON.parse(text) as { text: string }[]).map((input) => input.text));
      expectSame(
        joined,
        events.map((event) => [event, event]),
        'joins',
      );
    },
  ),
  conformanceCase('Two streams of one workflow do not mix', batches, async (deployment, { deploy }) => {
    const other = await deploy(batches);
    const [here, there] = [collect(deployment), collect(other)];
    for (const event of ['a', 'b', 'c']) await Promise.all([feed(deployment, event), feed(other, event.toUpperCase())]);
    expectSame(
      [textsIn(await here.upTo(1)), textsIn(await there.upTo(1))],
      ['abc', 'ABC'].map((text) => [...text]),
      'events',
    );
    here.stop();
    there.stop();
  }),
];

const faults: readonly ConformanceCase[] = [
  conformanceCase(
    'A fed event whose function throws is told, and later events go on',
    flow({ take: 'refuse', batch: 'describe' }, [batchOf(2)]),
    async (deployment) => {
      const collected = collect(deployment);
      for (const event of ['a', 'bad', 'b']) await feed(deployment, event);
      const { failures } = await collected.upTo(1, 1);
      collected.stop();
      expectSame([textsIn(collected), codesIn(collected)], [['a', 'b'], ['FUNCTION_FAILED']], 'events and failures');
      if (!failures[0]?.message.includes('no bad luck')) throw new Error(`expected the message of the body, got: ${failures[0]?.message}`);
    },
  ),
  conformanceCase(
    'A batch whose function throws is told, and later batches go on',
    flow({ take: 'echo', batch: 'refuse' }, [batchOf(1)]),
    async (deployment) => {
      const collected = collect(deployment);
      for (const event of ['bad', 'good']) await feed(deployment, event);
      await collected.upTo(1, 1);
      collected.stop();
      expectSame([collected.outputs.map(textOf), codesIn(collected)], [['good'], ['FUNCTION_FAILED']], 'outputs and failures');
    },
  ),
  conformanceCase('A fed event that misses its deadline is told, and later events go on', beside, async (deployment) => {
    const collected = collect(deployment);
    // A platform may take longer to accept it; then the call is where it is told.
    const late = await feed(deployment, 'faulty', { deadlineMs: 200 }).catch((error: unknown) => error);
    if (late !== undefined) await expectError(Promise.reject(late), 'DEADLINE_EXCEEDED');
    else await collected.upTo(0, 1);
    for (let round = 0; round < 2; round++) await feed(deployment, 'sound');
    await collected.upTo(1);
    collected.stop();
    expectSame([textsIn(collected), codesIn(collected)], [['sound', 'sound'], late ? [] : ['DEADLINE_EXCEEDED']], 'events and failures');
  }),
  conformanceCase('A fed event is cancelled before it is accepted or later', beside, async (deployment) => {
    const collected = collect(deployment);
    await expectError(feed(deployment, 'sound', { signal: AbortSignal.abort() }), 'CANCELLED');
    const controller = new AbortController();
    await feed(deployment, 'faulty', { signal: controller.signal });
    await soon();
    controller.abort();
    await collected.upTo(0, 1);
    for (let round = 0; round < 2; round++) await feed(deployment, 'sound');
    await collected.upTo(1);
    collected.stop();
    expectSame([textsIn(collected), codesIn(collected)], [['sound', 'sound'], ['CANCELLED']], 'events and failures');
  }),
  conformanceCase('An event that is over cannot be cancelled any more', beside, async (deployment) => {
    const collected = collect(deployment);
    const controller = new AbortController();
    for (let round = 0; round < 2; round++) await feed(deployment, 'sound', { signal: controller.signal });
    await collected.upTo(1);
    await soon(500);
    controller.abort();
    await soon(50);
    collected.stop();
    expectSame([textsIn(collected), codesIn(collected)], [['sound', 'sound'], []], 'events and failures');
  }),
  conformanceCase('A streaming workflow cannot be invoked', batches, async (deployment) => {
    await expectError(deployment.invoke(new Uint8Array(1)));
  }),
  conformanceCase('A stream that was taken back takes no event', batches, async (deployment) => {
    await feed(deployment, 'a');
    await deployment.remove();
    await expectError(feed(deployment, 'b'));
  }),
];

export const STREAM_CASES: readonly ConformanceCase[] = [...gathering, ...faults];
