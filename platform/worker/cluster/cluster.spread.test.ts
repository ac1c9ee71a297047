import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { FunctionDefinition } from '../../core/app.ts';
import { PheromoneError } from '../../core/errors.ts';
import { openStore } from '../../store/durable/open-store.ts';
import { appOf } from '../testing/node.ts';
import { smallCluster } from './testing/small-cluster.ts';

const AT_A = { requires: ['a'] };
const AT_B = { requires: ['b'] };
const NODES = [{ labels: ['a'] }, { labels: ['b'] }];

function fn(name: string, body: string, config: object, more: Partial<FunctionDefinition> = {}): FunctionDefinition {
  return { name, module: new URL('./testing/spread-bodies.ts', import.meta.url).href, export: body, config, ...more };
}

function plain(name: string, more: Partial<FunctionDefinition> = {}): FunctionDefinition {
  return { name, module: new URL('./testing/spread-bodies.ts', import.meta.url).href, export: name, ...more };
}

test('a chain goes from node to node and back', async (t) => {
  const { workers, install, emptied } = await smallCluster(t, NODES);
  await install(
    appOf(
      'chain',
      [
        fn('one', 'relay', { to: 'b1' }, AT_A),
        fn('two', 'relay', { to: 'b2' }, AT_B),
        fn('three', 'relay', { to: 'b3' }, AT_A),
        fn('four', 'relay', {}, AT_B),
      ],
      [
        { name: 'b1', primitive: 'immediate', target: 'two' },
        { name: 'b2', primitive: 'immediate', target: 'three' },
        { name: 'b3', primitive: 'immediate', target: 'four' },
      ],
    ),
  );
  for (const worker of workers) {
    const { text, spans } = await worker.call('chain', 'one', 'in', { answer: 'all', trace: true });
    t.is(text, 'in>one>two>three>four');
    t.deepEqual(spans.map((span) => span.fn).sort(), ['four', 'one', 'three', 'two']);
  }
  await emptied();
});

test('each firing is decided once, wherever the objects lie', async (t) => {
  const { workers, install, emptied } = await smallCluster(t, NODES);
  const [home] = workers as [(typeof workers)[number]];
  const parts = { to: 'parts', count: 12, groups: ['x', 'y', 'z'] };
  const triggers = {
    set: { primitive: 'by-set', keys: Array.from({ length: 12 }, (_, i) => `${i}`) },
    batch: { primitive: 'by-batch-size', size: 4 },
    time: { primitive: 'by-time', windowMs: 60 },
    some: { primitive: 'redundant', k: 2, n: 4 },
    group: { primitive: 'dynamic-group', sources: ['work'] },
    join: { primitive: 'dynamic-join' },
  } as const;
  for (const [name, trigger] of Object.entries(triggers)) {
    const isJoin = name === 'join';
    const groups = isJoin ? ['all'] : parts.groups;
    await install(
      appOf(
        name,
        [
          fn('split', 'scatter', { ...parts, groups, ...(isJoin && { expect: name }) }, { ...AT_A, sends: ['parts', name] }),
          fn('work', 'pass', { to: name }, { ...AT_B, sends: [name] }),
          plain('gather', { sends: [] }),
        ],
        [
          { name: 'parts', primitive: 'immediate', target: 'work' },
          { ...trigger, name, target: 'gather' } as Parameters<typeof appOf>[2] extends readonly (infer T)[] | undefined ? T : never,
        ],
      ),
    );
  }
  const call = async (app: string) => (await home.call(app, 'split', '', { answer: 'all' })).outputs.toSorted();
  for (let round = 0; round < 3; round++) {
    t.deepEqual(await call('set'), ['x[0 1 2 3 4 5 6 7 8 9 10 11]']);
    t.is((await call('batch')).length, 3);
    t.is((await call('time')).flatMap((text) => text.match(/\d+/g) ?? []).length, 12);
    t.is((await call('some')).length, 3);
    t.deepEqual(await call('group'), ['x[0 3 6 9]', 'y[1 4 7 10]', 'z[2 5 8 11]']);
    t.deepEqual(await call('join'), ['all[0 1 2 3 4 5 6 7 8 9 10 11]']);
  }
  await emptied();
});

test('large objects go straight from node to node, and come out whole', async (t) => {
  const size = 5_000_001;
  for (const prefetch of [false, true]) {
    const { workers, install, emptied } = await smallCluster(
      t,
      NODES.map((node) => ({ ...node, prefetch })),
    );
    await install(
      appOf(
        'large',
        [fn('fill', 'fill', { to: 'filled', size }, AT_A), fn('check', 'check', { to: 'checked' }, AT_B), fn('again', 'check', {}, AT_A)],
        [
          { name: 'filled', primitive: 'by-set', keys: ['large'], target: 'check' },
          { name: 'checked', primitive: 'immediate', target: 'again' },
        ],
      ),
    );
    for (const worker of workers) t.is((await worker.call('large', 'fill', '')).bytes.length, size);
    await emptied();
  }
});

test('a function finds an object by its key that lies on another node', async (t) => {
  const { workers, install, emptied } = await smallCluster(t, [...NODES, { labels: ['c'] }]);
  const wired = (name: string, bucket: string) =>
    appOf(
      name,
      [
        fn('one', 'relay', { to: 'first', key: 'k' }, AT_A),
        fn('two', 'relay', { to: 'second', key: 'k' }, AT_B),
        fn('three', 'look', { bucket, key: 'k' }, { requires: ['c'] }),
      ],
      [
        { name: 'first', primitive: 'immediate', target: 'two' },
        { name: 'second', primitive: 'immediate', target: 'three' },
      ],
    );
  await install(wired('far', 'first'));
  await install(wired('near', 'second'));
  await install({ ...wired('none', 'unused'), buckets: [{ name: 'first' }, { name: 'second' }, { name: 'unused' }] });
  for (const worker of workers) {
    t.is((await worker.call('far', 'one', 'in')).text, 'in>one');
    t.is((await worker.call('near', 'one', 'in')).text, 'in>one>two');
    t.is((await worker.call('none', 'one', 'in')).text, 'nothing');
  }
  await emptied();
});

test('what fails on another node fails the session, once', async (t) => {
  const { workers, install, emptied } = await smallCluster(t, NODES);
  await install(
    appOf('bad', [fn('one', 'relay', { to: 'b1' }, AT_A), plain('fail', AT_B)], [{ name: 'b1', primitive: 'immediate', target: 'fail' }]),
  );
  for (const worker of workers) {
    const error = await t.throwsAsync(worker.call('bad', 'one', 'in'), { instanceOf: PheromoneError });
    t.is(error?.code, 'FUNCTION_FAILED');
    t.regex(error?.message ?? '', /on purpose/);
  }
  await emptied();
});

test('what waits too long for an executor goes to another node', async (t) => {
  const { workers, install, emptied, places } = await smallCluster(t, [{ forwardDelayMs: 0 }, {}]);
  const [busy] = workers as [(typeof workers)[number]];
  await install(appOf('load', [plain('where', { concurrency: 1 })]));
  const answers = await Promise.all(Array.from({ length: 30 }, () => busy.call('load', 'where', '')));
  t.deepEqual(new Set(answers.map(({ text }) => Number(text))), new Set(workers.map(({ pid }) => pid)));
  t.true(places.length > 0);
  await emptied();
});

test('a guest that dies loses nothing: what it had been given runs elsewhere', async (t) => {
  const { workers, install, emptied } = await smallCluster(t, [{ labels: ['a'] }, { labels: ['b'] }, { labels: ['b'] }]);
  const [home, dying] = workers as [(typeof workers)[number], (typeof workers)[number]];
  await install(
    appOf(
      'slow',
      [fn('one', 'relay', { to: 'b1' }, AT_A), fn('two', 'relay', { afterMs: 300 }, { ...AT_B, concurrency: 100 })],
      [{ name: 'b1', primitive: 'immediate', target: 'two' }],
    ),
  );
  const calls = Array.from({ length: 20 }, (_, i) => home.call('slow', 'one', `${i}`));
  while ((dying.load()?.sessions ?? 0) < 20) await new Promise((resolve) => setTimeout(resolve, 5));
  process.kill(dying.pid, 'SIGKILL');
  t.deepEqual(
    (await Promise.all(calls)).map(({ text }) => text),
    calls.map((_, i) => `${i}>one>two`),
  );
  await emptied();
});

test('each of the improvements can be switched off, and the results stay what they are', async (t) => {
  const size = 200_000;
  const store = { kind: 'disk', path: await mkdtemp(join(tmpdir(), 'pheromone-')) } as const;
  t.teardown(() => rm(store.path, { recursive: true }));
  for (const off of [{ twoTier: false }, { directTransfer: false }, { piggybackBytes: 0 }, { sharedMemory: false }]) {
    const cluster = await smallCluster(
      t,
      NODES.map((node) => ({ ...node, ...off })),
      { store },
    );
    const { workers, install, emptied, places } = cluster;
    await install(
      appOf(
        'all',
        [
          fn('fill', 'fill', { to: 'filled', size }, AT_A),
          fn('check', 'check', { to: 'checked' }, AT_B),
          fn('again', 'check', { to: 'last' }, AT_A),
          fn('here', 'check', {}, AT_A),
        ],
        [
          { name: 'filled', primitive: 'by-set', keys: ['large'], target: 'check' },
          { name: 'checked', primitive: 'immediate', target: 'again' },
          { name: 'last', primitive: 'immediate', target: 'here' },
        ],
      ),
    );
    for (const worker of workers) t.is((await worker.call('all', 'fill', '')).bytes.length, size);
    // Without a scheduler of the node's own, a coordinator is asked for each invocation.
    if ('twoTier' in off) t.true(places.length >= 6);
    await emptied();
  }
  const opened = await openStore(store);
  t.teardown(() => opened.close());
  const left = async (): Promise<string | undefined> => {
    for await (const key of opened.list('transfer/')) return key;
    return undefined;
  };
  for (let poll = 0; poll < 500 && (await left()) !== undefined; poll++) await new Promise((resolve) => setTimeout(resolve, 10));
  t.is(await left(), undefined);
});

test('a first output that lies on a guest comes whole, though the session is over with it', async (t) => {
  const { workers, install, emptied } = await smallCluster(
    t,
    NODES.map((node) => ({ ...node, piggybackBytes: 0 })),
  );
  const [home] = workers as [(typeof workers)[number]];
  await install(
    appOf(
      'first',
      [fn('one', 'relay', { to: 'b1' }, AT_A), fn('two', 'relay', {}, AT_B)],
      [{ name: 'b1', primitive: 'immediate', target: 'two' }],
    ),
  );
  const texts = await Promise.all(Array.from({ length: 200 }, async (_, i) => (await home.call('first', 'one', `${i}`)).text));
  t.deepEqual(
    texts,
    Array.from({ length: 200 }, (_, i) => `${i}>one>two`),
  );
  await emptied();
});
