import { EventEmitter, once } from 'node:events';
import test from 'ava';
import { assemble } from './idiomatic/assemble.ts';
import { batch } from './idiomatic/batch.ts';
import { batchOfApp } from './idiomatic/batch-app.ts';
import { choice } from './idiomatic/choice.ts';
import { group } from './idiomatic/group.ts';
import { kOutOfN } from './idiomatic/k-out-of-n.ts';
import { map } from './idiomatic/map.ts';
import { parallel } from './idiomatic/parallel.ts';
import { type Handlers, post, serve, type Urls } from './idiomatic/service.ts';
import { window } from './idiomatic/window.ts';
import { windowOfApp } from './idiomatic/window-app.ts';

/** Serves a definition, posts every input to `entry` in a session of its own and returns the first values that come back, sorted. */
async function run(define: (at: Urls) => Handlers, entry: string, inputs: readonly string[], count: number): Promise<readonly string[]> {
  const arrivals = new EventEmitter();
  const values: string[] = [];
  const at: Record<string, string> = {};
  const take = ({ value }: { value: string }): void => {
    values.push(value);
    arrivals.emit('value');
  };
  const handlers: Handlers = { ...define(at), caller: take };
  const { origin, close } = await serve(handlers);
  for (const name of Object.keys(handlers)) at[name] = `${origin}/${name}`;
  try {
    for (const [session, input] of inputs.entries()) await post(at[entry], { session: `${session}` }, input);
    const signal = AbortSignal.timeout(20_000);
    while (values.join('').length < count) await once(arrivals, 'value', { signal });
    return values.sort();
  } finally {
    await close();
  }
}

/** Definition, its entry, inputs, and what must come back. Windows of a session may close at any time, so they get one value. */
const CASES: Readonly<Record<string, readonly [(at: Urls) => Handlers, string, readonly string[], readonly string[]]>> = {
  choice: [choice, 'pick', ['a', 'b'], ['B', 'a']],
  parallel: [parallel, 'fork', ['x', 'y'], ['X', 'Y', 'x', 'y']],
  assemble: [assemble, 'fork', ['x', 'y'], ['x+X', 'y+Y']],
  map: [map, 'items', ['abc', 'd'], ['A+B+C', 'D']],
  batch: [batch, 'items', ['aaa', 'bb'], ['a+a', 'b+b']],
  'batch of app scope': [batchOfApp, 'take', ['a', 'a', 'a'], ['A+A']],
  window: [window, 'items', ['a', 'b'], ['a', 'b']],
  'window of app scope': [windowOfApp, 'take', ['a'], ['A']],
  'k-out-of-n': [kOutOfN, 'fork', ['x', 'y'], ['X+X', 'Y+Y']],
  group: [group, 'items', ['ab a', 'cc'], ['a+a', 'b', 'c+c']],
};

for (const [name, [define, entry, inputs, expected]] of Object.entries(CASES)) {
  test(`The definition by hand of ${name} does what the pattern says`, async (t) => {
    t.deepEqual(await run(define, entry, inputs, expected.join('').length), expected);
  });
}
