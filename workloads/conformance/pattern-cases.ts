/** The nine patterns in one session, each as the contract words it. */
import { type ConformanceCase, conformanceCase, described, describedBy, expectSame, flow, invoke, textOf, textsOf } from './case.ts';

const single = flow({ only: 'choose' }, []);
const sequence = flow({ first: 'echo', second: 'echo' }, [{ pattern: 'sequence', from: 'first', to: 'second' }], 'first');
const diamond = flow({ fork: 'echo', left: 'dawdle', right: 'dawdle', join: 'describe' }, [
  { pattern: 'parallel', from: 'fork', to: ['left', 'right'] },
  { pattern: 'assemble', from: ['right', 'left'], to: 'join' },
]);
const mapJoin = flow({ items: 'lines', each: 'nap', join: 'describe' }, [{ pattern: 'map', from: 'items', each: 'each', to: 'join' }]);
const shuffle = flow({ items: 'lines', each: 'lines', reduce: 'describe' }, [
  { pattern: 'map', from: 'items', each: 'each' },
  { pattern: 'group', from: 'each', to: 'reduce' },
]);

const basic: readonly ConformanceCase[] = [
  conformanceCase('A single function answers with its value, its name and its key', single, async (deployment) => {
    const { outputs } = await invoke(deployment, 'k');
    expectSame(
      outputs.map((output) => [output.from, output.key, output.group, textOf(output)]),
      [['only', 'k', '', 'k']],
      'outputs',
    );
  }),
  conformanceCase('Keys of any characters survive', single, async (deployment) => {
    const key = 'ä|:\0\n€ 🐋=&%';
    expectSame((await invoke(deployment, key)).outputs[0]?.key, key, 'key');
  }),
  conformanceCase('Sequence: bytes of every value, and none at all, pass unchanged', sequence, async (deployment) => {
    for (const bytes of [Uint8Array.from({ length: 256 }, (_, i) => i), new Uint8Array(0), Uint8Array.of(0, 124, 0, 255)]) {
      const { outputs } = await deployment.invoke(bytes);
      expectSame(
        outputs.map((output) => [...output.bytes]),
        [[...bytes]],
        'outputs',
      );
    }
  }),
  conformanceCase(
    'Choice: the function beside the key starts, and no other',
    flow({ pick: 'choose', one: 'describe', two: 'describe' }, [{ pattern: 'choice', from: 'pick', to: { a: 'one', b: 'two', c: 'two' } }]),
    async (deployment) => {
      for (const [key, to] of [
        ['a', 'one'],
        ['b', 'two'],
        ['c', 'two'],
      ] as const) {
        const { outputs } = await invoke(deployment, key);
        expectSame(
          outputs.map(({ from }) => from),
          [to],
          `key ${key}`,
        );
        expectSame(described(outputs[0]!), [{ from: 'pick', key, group: '', text: key }], `inputs for key ${key}`);
      }
    },
  ),
  conformanceCase(
    'Choice: a cycle comes round until a branch leaves it',
    flow({ count: 'countDown', end: 'echo' }, [{ pattern: 'choice', from: 'count', to: { again: 'count', done: 'end' } }], 'first'),
    async (deployment) => {
      const { outputs, trace } = await invoke(deployment, '5');
      expectSame(outputs.map(textOf), ['0'], 'outputs');
      expectSame(trace.spans.filter(({ fn }) => fn === 'count').length, 5, 'rounds');
    },
  ),
  conformanceCase(
    'Parallel: every function starts with the value',
    flow({ fork: 'echo', a: 'describe', b: 'describe', c: 'describe' }, [{ pattern: 'parallel', from: 'fork', to: ['a', 'b', 'c'] }]),
    async (deployment) => {
      const { outputs } = await invoke(deployment, 'v');
      expectSame(outputs.map(({ from }) => from).sort(), ['a', 'b', 'c'], 'functions');
      for (const output of outputs)
        expectSame(
          described(output).map(({ text }) => text),
          ['v'],
          `inputs of ${output.from}`,
        );
    },
  ),
  conformanceCase('Assemble: the inputs stand in the order of the sources', diamond, async (deployment) => {
    for (let round = 0; round < 5; round++) {
      const inputs = await describedBy(deployment, 'v');
      expectSame(
        inputs,
        [
          [
            { from: 'right', key: '', group: '', text: 'v' },
            { from: 'left', key: '', group: '', text: 'v' },
          ],
        ],
        'inputs',
      );
    }
  }),
  conformanceCase(
    'Assemble: a source that stays silent keeps the join from starting, and the run ends',
    flow({ fork: 'echo', left: 'echo', right: 'keepSilent', join: 'describe' }, diamond.dependencies),
    async (deployment) => expectSame(await textsOf(deployment, 'v'), [], 'outputs'),
  ),
];

const many: readonly ConformanceCase[] = [
  conformanceCase('Map: the join gets the values in the order of the items, whichever ends first', mapJoin, async (deployment) => {
    const texts = ['30', '1', '15', '0'];
    expectSame(
      (await describedBy(deployment, texts.join('\n'))).map((inputs) => inputs.map(({ text }) => text)),
      [texts],
      'inputs',
    );
  }),
  conformanceCase('Map: no items start the join with no inputs', mapJoin, async (deployment) => {
    expectSame(await describedBy(deployment, ''), [[]], 'inputs');
  }),
  conformanceCase('Map: a hundred items are joined', mapJoin, async (deployment) => {
    const [inputs] = await describedBy(deployment, '0\n'.repeat(100));
    expectSame(inputs?.length, 100, 'inputs');
  }),
  conformanceCase(
    'Map: items that emit nothing are joined without a value',
    flow({ items: 'lines', each: 'keepSilent', join: 'describe' }, mapJoin.dependencies),
    async (deployment) => expectSame(await describedBy(deployment, 'a\nb'), [[]], 'inputs'),
  ),
  conformanceCase(
    'Map: without a join the values of all items are the result',
    flow({ items: 'lines', each: 'echo' }, [{ pattern: 'map', from: 'items', each: 'each' }]),
    async (deployment) => {
      expectSame(await textsOf(deployment, 'a\nb\nc'), ['a', 'b', 'c'], 'outputs');
      expectSame(await textsOf(deployment, ''), [], 'outputs of no items');
    },
  ),
  conformanceCase(
    'Map: every invocation of a mapping function has a join of its own',
    flow({ outer: 'lines', inner: 'lines', each: 'dawdle', join: 'describe' }, [
      { pattern: 'map', from: 'outer', each: 'inner' },
      { pattern: 'map', from: 'inner', each: 'each', to: 'join' },
    ]),
    async (deployment) => {
      const joined = await describedBy(deployment, 'a\nb\nc');
      expectSame(joined.map((inputs) => inputs.map(({ text }) => text)).sort(), [['a'], ['b'], ['c']], 'inputs');
    },
  ),
  conformanceCase(
    'K-out-of-n: the join starts once, with exactly k values',
    flow({ fork: 'echo', each: 'dawdle', join: 'describe' }, [
      { pattern: 'k-out-of-n', from: 'fork', each: 'each', n: 5, k: 3, to: 'join' },
    ]),
    async (deployment) => {
      for (let round = 0; round < 3; round++) {
        const joined = await describedBy(deployment, 'v');
        expectSame(
          joined.map((inputs) => inputs.map(({ from, text }) => `${from} ${text}`)),
          [Array(3).fill('each v')],
          'inputs',
        );
      }
    },
  ),
  conformanceCase('Group: each group starts once, with all of its values and no others', shuffle, async (deployment) => {
    const { outputs } = await invoke(deployment, 'a:1\nb:2\na:3\nc:4\na:5');
    const groups = outputs.map((output) =>
      described(output)
        .map(({ from, group, text }) => `${from} ${group} ${text}`)
        .sort(),
    );
    expectSame(groups.sort(), [['each a a:1', 'each a a:3', 'each a a:5'], ['each b b:2'], ['each c c:4']], 'groups');
  }),
  conformanceCase('Group: no values start nothing, and the run ends', shuffle, async (deployment) => {
    expectSame(await textsOf(deployment, ''), [], 'outputs');
  }),
];

const gathering: readonly ConformanceCase[] = [
  conformanceCase(
    'Batch: the target starts with every so many values of the session; the rest starts nothing',
    flow({ items: 'lines', batch: 'describe' }, [{ pattern: 'batch', from: 'items', size: 3, to: 'batch', scope: 'session' }]),
    async (deployment) => {
      for (let round = 0; round < 2; round++) {
        const batches = await describedBy(deployment, 'a\nb\nc\nd\ne\nf\ng');
        expectSame(
          batches.map(({ length }) => length),
          [3, 3],
          'sizes',
        );
        expectSame(new Set(batches.flat().map(({ text }) => text)).size, 6, 'different values');
      }
    },
  ),
  conformanceCase(
    'Window: every value of the session is in one window, and the run waits for the last',
    flow({ items: 'lines', each: 'dawdle', window: 'describe' }, [
      { pattern: 'map', from: 'items', each: 'each' },
      { pattern: 'window', from: 'each', everyMs: 10, to: 'window', scope: 'session' },
    ]),
    async (deployment) => {
      const windows = await describedBy(deployment, 'a\nb\nc\nd');
      expectSame(
        windows
          .flat()
          .map(({ text }) => text)
          .sort(),
        ['a', 'b', 'c', 'd'],
        'values',
      );
      expectSame(
        windows.some(({ length }) => length === 0),
        false,
        'an empty window',
      );
    },
  ),
];

export const PATTERN_CASES: readonly ConformanceCase[] = [...basic, ...many, ...gathering];
