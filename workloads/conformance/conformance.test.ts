import test from 'ava';
import { type Capabilities, DriverError, type Platform } from '../api/driver.ts';
import { validateWorkflow } from '../api/validate.ts';
import { PATTERNS } from '../api/workflow.ts';
import { conformanceCase, flow } from './case.ts';
import { conformanceCases, patternsCovered, runCase } from './conformance.ts';

const supported = { kind: 'native', with: 'a call' } as const;
const capabilities = (rest: Partial<Capabilities['patterns']> = {}): Capabilities => ({
  patterns: { ...(Object.fromEntries(PATTERNS.map((pattern) => [pattern, supported])) as Capabilities['patterns']), ...rest },
  payloadLimitBytes: Number.POSITIVE_INFINITY,
  delivery: 'at-most-once',
  durability: 'none',
  isolation: 'none',
});

const refusing: Platform = {
  pids: () => [],
  deploy: () => Promise.reject(new DriverError('UNSUPPORTED_PATTERN', 'not here')),
  stop: () => Promise.resolve(),
};
const accepting: Platform = {
  ...refusing,
  deploy: () =>
    Promise.resolve({
      invoke: () => Promise.reject(new DriverError('PLATFORM_FAILED', 'not now')),
      feed: () => Promise.resolve(),
      subscribe: () => () => {},
      remove: () => Promise.resolve(),
    }),
};

const sequence = conformanceCase(
  'A sequence',
  flow({ a: 'echo', b: 'echo' }, [{ pattern: 'sequence', from: 'a', to: 'b' }]),
  async (deployment) => {
    await deployment.invoke(new Uint8Array());
  },
);

test('Every case has a workflow that holds together and a title of its own', (t) => {
  const cases = conformanceCases();
  for (const { title, workflow } of cases) t.notThrows(() => validateWorkflow(workflow), title);
  t.is(new Set(cases.map(({ title }) => title)).size, cases.length);
});

test('All nine patterns are covered', (t) => t.deepEqual(patternsCovered(), PATTERNS));

test('A platform must refuse what it declares unsupported, and must not refuse anything else', async (t) => {
  const without = capabilities({ sequence: { kind: 'unsupported', why: 'no reason' } });
  t.is(await runCase(sequence, refusing, without), 'unsupported');
  await t.throwsAsync(runCase(sequence, accepting, without), { message: /expected a DriverError UNSUPPORTED_PATTERN/ });
  await t.throwsAsync(runCase(sequence, refusing, capabilities()), { message: 'not here' });
});

test('A case that fails takes its workflow back and tells why', async (t) => {
  await t.throwsAsync(runCase(sequence, accepting, capabilities()), { message: 'not now' });
});
