import test from 'ava';
import { GATEWAY_LIMITS, type GatewayLimits } from './limits.ts';
import { Runs, runJson } from './runs.ts';
import { FakePlatform, resultOf } from './testing/fake-platform.ts';
import { comesTrue } from './testing/gateway.ts';

async function runsWith(limits: Partial<GatewayLimits>) {
  const platform = new FakePlatform();
  const client = await platform.connect();
  const runs = new Runs({ ...GATEWAY_LIMITS, ...limits });
  return { runs, platform, start: (fn: string, input = '') => runs.start(client, 'a', fn, Buffer.from(input), {}) };
}

test('runs that are over give way to new ones, the oldest first, and those under way never do', async (t) => {
  const { runs, platform, start } = await runsWith({ runs: 3 });
  const running = start('later');
  const over = [start('echo'), start('echo')];
  await Promise.all(over.map(({ settled }) => settled));
  const next = start('later');
  t.deepEqual(
    [running, ...over, next].map(({ id }) => runs.get(id) !== undefined),
    [true, false, true, true],
  );
  start('later');
  t.throws(() => start('later'), { message: /^runs: expected at most 3 under way, got one more$/ });
  t.deepEqual(runs.counts, { underWay: 3, over: 0, bytes: 0 });
  t.is(platform.calls.length, 5);
});

test('results that are kept stay within their bytes', async (t) => {
  const { runs, start } = await runsWith({ runsBytes: 1_000 });
  for (let i = 0; i < 20; i++) await start('large', '300').settled;
  // 300 bytes are 400 in base64.
  t.deepEqual(runs.counts, { underWay: 0, over: 2, bytes: 800 });
  const large = start('large', '30000');
  await large.settled;
  t.deepEqual(runs.counts, { underWay: 0, over: 1, bytes: 40_000 });
  t.is(runs.get(large.id), large);
});

test('a run is forgotten when its time is over', async (t) => {
  const { runs, start } = await runsWith({ runMs: 5 });
  const { id, settled } = start('echo', 'x');
  await settled;
  t.true(await comesTrue(() => runs.get(id) === undefined));
  t.deepEqual(runs.counts, { underWay: 0, over: 0, bytes: 0 });
});

test('a result that is too large for JSON makes the run fail with OBJECT_TOO_LARGE', async (t) => {
  const { runs, start } = await runsWith({ jsonBytes: 10 });
  const run = start('large', '11');
  await run.settled;
  t.like(runJson(run, GATEWAY_LIMITS), { state: 'failed', error: { code: 'OBJECT_TOO_LARGE' } });
  t.is(runs.counts.bytes, 0);
});

test('closing cancels what is under way and forgets the rest', async (t) => {
  const { runs, start, platform } = await runsWith({});
  await start('echo').settled;
  const running = start('later');
  runs.close();
  await running.settled;
  t.true(platform.calls[1]?.isCancelled);
  t.is(runs.counts.underWay, 0);
});

test('a run answers with its own result, whatever else is under way', async (t) => {
  const { start, platform } = await runsWith({});
  const both = [start('later'), start('later')];
  platform.calls[1]?.finish(resultOf('second'));
  platform.calls[0]?.finish(resultOf('first'));
  await Promise.all(both.map(({ settled }) => settled));
  t.deepEqual(
    both.map((run) => Buffer.from(runJson(run, GATEWAY_LIMITS).result?.outputs[0]?.base64 ?? '', 'base64').toString()),
    ['first', 'second'],
  );
});
