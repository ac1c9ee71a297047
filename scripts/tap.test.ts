import test from 'ava';
import { readTap, type TapResult } from './tap.ts';

async function read(text: string): Promise<{ results: TapResult[]; others: string[] }> {
  const results: TapResult[] = [];
  const others: string[] = [];
  const lines = (async function* () {
    yield* text.split('\n');
  })();
  for await (const result of readTap(lines, (line) => others.push(line))) results.push(result);
  return { results, others };
}

test('passed, failed and skipped tests are told apart, with what is said of a failure', async (t) => {
  const { results, others } = await read(
    [
      'TAP version 13',
      'ok 1 - a › adds',
      'not ok 2 - a › subtracts',
      '  ---',
      '    message: off by one',
      '  ...',
      'ok 3 - a › draws # SKIP',
      'not ok 4 - a › divides # TODO',
      '',
      '1..4',
      '# a › before hook',
      '# tests 4',
      '# pass 1',
      '# skip 1',
      '# fail 1',
    ].join('\n'),
  );
  t.deepEqual(
    results.map(({ outcome, title }) => [outcome, title]),
    [
      ['passed', 'a › adds'],
      ['failed', 'a › subtracts'],
      ['skipped', 'a › draws'],
      ['skipped', 'a › divides'],
    ],
  );
  t.deepEqual(results[1]?.details, ['    message: off by one']);
  t.deepEqual(others, []);
});

test('output that belongs to no test is handed on', async (t) => {
  const { results, others } = await read('hello\nok 1 - works\n# note\nworld');
  t.is(results.length, 1);
  t.deepEqual(others, ['hello', '# note', 'world']);
});
