import test from 'ava';
import type { AppDefinition } from '../core/app.ts';
import { endsEmpty, fn, INPUT, nodeOf, textOf } from './testing/node.ts';
import type { RetryConfig } from './testing/rerun-bodies.ts';

const MODULE = import.meta.resolve('./testing/rerun-bodies.ts');

/** An app that answers with what the function `source` says, which a trigger has run again while it says nothing. */
function appWith(source: string, config: RetryConfig): AppDefinition {
  const functions = ['scatter', 'diesOnce', 'passOn'].map((name) => fn('rerun-bodies', name));
  const speakers = ['pairSpeaker', 'noneSpeaker'].map((name) => ({ ...fn('rerun-bodies', 'speaksLater'), name }));
  const own = { primitive: 'custom', module: MODULE, export: 'retry', config, sources: [source] } as const;
  return {
    name: 'reruns',
    functions: [...functions, ...speakers],
    buckets: ['pair', 'none', 'runs', 'said'].map((name) => ({ name })),
    triggers: [
      { name: 'pair', bucket: 'pair', target: 'pairSpeaker', primitive: 'by-set', keys: ['x', 'y'] },
      { name: 'none', bucket: 'none', target: 'noneSpeaker', primitive: 'dynamic-join' },
      { name: 'said', bucket: 'said', target: 'passOn', ...own },
    ],
  };
}

const INPUTS: readonly (readonly [string, string, string])[] = [
  ['several objects', 'pairSpeaker', 'x: value of x,y: value of y'],
  ['no object', 'noneSpeaker', 'nothing'],
  ['the input of the call', 'pairSpeaker', ': input'],
];

for (const [inputs, source, said] of INPUTS) {
  test.serial(`a source that was started with ${inputs} runs again with the same`, async (t) => {
    const { client } = await nodeOf(t);
    await client.register(appWith(source, { timeoutMs: 30, starts: 2 }));
    const entry = inputs === 'the input of the call' ? source : 'scatter';
    t.is(await textOf(client.call('reruns', entry, INPUT)), said);
    await endsEmpty(t, client);
  });
}

test.serial('a source that starts again since its executor died is told of again', async (t) => {
  const { client } = await nodeOf(t);
  await client.register(appWith('diesOnce', { timeoutMs: 3_600_000, starts: 2 }));
  t.is(await textOf(client.call('reruns', 'diesOnce', INPUT)), 'attempt 2');
  await endsEmpty(t, client);
});
