import test from 'ava';
import type { Output } from '../api/driver.ts';
import { runBody } from '../api/run-body.ts';
import { validateWorkflow } from '../api/validate.ts';
import type { FunctionBody, Input } from '../api/workflow.ts';
import { count, reduce, split, textOf, wordsOf } from './functions.ts';
import { wordCount } from './workload.ts';

const small = { maps: 5, reducers: 3, chapters: 4 };

/** Values that `body` emits for the values in `inputs`. */
async function emittedBy(body: FunctionBody, inputs: readonly Uint8Array[], name = 'f'): Promise<readonly Output[]> {
  const given = inputs.map((bytes): Input => ({ from: '', key: '', group: '', bytes }));
  const { signal } = new AbortController();
  const { emitted } = await runBody(body, { name, inputs: given, rule: { many: true, grouped: false }, timeoutMs: 60_000, signal });
  return emitted.map((value) => ({ from: name, ...value }));
}

/** The whole workflow by hand. */
async function run(input: Uint8Array): Promise<readonly Output[]> {
  const pieces = await emittedBy(split, [input]);
  const counts = (await Promise.all(pieces.map(({ bytes }) => emittedBy(count, [bytes])))).flat();
  const groups = Map.groupBy(counts, ({ group }) => group).values();
  return (
    await Promise.all(
      [...groups].map((values) =>
        emittedBy(
          reduce,
          values.map(({ bytes }) => bytes),
          'reduce',
        ),
      ),
    )
  ).flat();
}

test('The workflow holds together', (t) => t.notThrows(() => validateWorkflow(wordCount.workflow(small))));

test('The counts of split, count and reduce are those of one pass over the text', async (t) => {
  for (const parameters of [small, { maps: 1, reducers: 1, chapters: 1 }, { maps: 1_000, reducers: 1_000, chapters: 2 }]) {
    const input = wordCount.input(parameters, 7);
    t.deepEqual(wordCount.check(parameters, input, await run(input)), { ok: true });
  }
});

test('Words keep accents and inner apostrophes, and lose their case', (t) => {
  t.deepEqual([...wordsOf('Don’t say “café”; 3 whales—WHALES!')], ['don’t', 'say', 'café', '3', 'whales', 'whales']);
});

test('A piece ends at white space, and pieces put together are the text', async (t) => {
  const input = wordCount.input(small, 1);
  const pieces = await emittedBy(split, [input]);
  t.is(pieces.length, small.maps);
  const text = new TextDecoder();
  t.is(pieces.map(({ bytes }) => text.decode(bytes.subarray(4))).join(''), textOf(input));
});

test('The same seed gives the same bytes, another seed another text', (t) => {
  t.deepEqual(wordCount.input(small, 3), wordCount.input(small, 3));
  t.notDeepEqual(wordCount.input(small, 3), wordCount.input(small, 4));
});

test('A wrong count, a word too many, a missing group and one twice are found', async (t) => {
  const input = wordCount.input(small, 2);
  const [first, ...rest] = (await run(input)) as [Output, ...Output[]];
  const lines = new TextDecoder().decode(first.bytes);
  const altered = (text: string): Output => ({ ...first, bytes: new TextEncoder().encode(text) });
  const verdicts = [
    [altered(lines.replace(/\t(\d+)/, (_, n) => `\t${Number(n) + 1}`)), ...rest],
    [altered(`${lines}zzzz\t1\n`), ...rest],
    rest,
    [first, first, ...rest.slice(1)],
  ].map((outputs) => wordCount.check(small, input, outputs));
  for (const verdict of verdicts) t.like(verdict, { ok: false });
});
