import test from 'ava';
import type { Workflow } from '../../workloads/api/workflow.ts';
import { conformanceSuite } from '../../workloads/conformance/conformance.ts';
import { http } from './driver.ts';

const suite = await conformanceSuite(import.meta.resolve('./driver.ts'), 'http');
test.after.always(suite.end);

for (const { title, run } of suite.checks) test.serial(title, async (t) => t.is(await run(), 'passed'));

const NAMES = Array.from({ length: 60 }, (_, i) => `f${i}-${'long'.repeat(15)}`);
const body = { module: import.meta.resolve('../../workloads/conformance/bodies.ts'), export: 'echo' };
/** Sixty functions one after the other; pairs of what comes out are gathered. */
const longStream: Workflow = {
  name: 'long-stream',
  entry: NAMES[0]!,
  functions: Object.fromEntries([...NAMES, 'pair'].map((name) => [name, body])),
  dependencies: [
    ...NAMES.slice(1).map((to, i) => ({ pattern: 'sequence', from: NAMES[i]!, to }) as const),
    { pattern: 'batch', from: NAMES.at(-1)!, size: 2, to: 'pair', scope: 'app' },
  ],
  result: 'all',
};
/** With so many items the trace is longer than what is sent in a header. */
const wideMap: Workflow = {
  name: 'wide-map',
  entry: 'items',
  functions: { items: { ...body, export: 'lines' }, [NAMES[0]!]: body, join: body },
  dependencies: [{ pattern: 'map', from: 'items', each: NAMES[0]!, to: 'join' }],
  result: 'all',
};

test.serial('However long a trace is, and however it is sent, it arrives whole', async (t) => {
  const platform = await http.start({ executors: 2, dataDir: import.meta.dirname });
  try {
    const stream = await platform.deploy(longStream);
    const { promise, resolve } = Promise.withResolvers<number>();
    stream.subscribe(({ trace }) => resolve(trace.spans.length));
    for (let event = 0; event < 2; event++) await stream.feed(new Uint8Array(1));
    t.is(await promise, 2 * NAMES.length + 1);
    const items = 6_000;
    const { trace } = await (await platform.deploy(wideMap)).invoke(Buffer.from('i\n'.repeat(items)));
    t.is(trace.spans.length, items + 2);
  } finally {
    await platform.stop();
  }
});
