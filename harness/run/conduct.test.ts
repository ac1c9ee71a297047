import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { DriverError } from '../../workloads/api/driver.ts';
import { InputError } from '../input-error.ts';
import type { DriverSource } from '../registry.ts';
import { fakeSource, hang, invoked } from './testing/fake-driver.ts';
import { finishRun, ofKind, outcomes, quiet } from './testing/fake-run.ts';

test('every case runs on every platform once a round, floors in each, all of it on record', async (t) => {
  const run = await finishRun([fakeSource('a'), fakeSource('b')], { sweep: [1, 2] });
  t.is(run.manifest.state, 'complete');
  t.deepEqual(
    run.manifest.platforms.map(({ name }) => name),
    ['a', 'b'],
  );
  t.deepEqual(run.manifest.workloads, [{ name: 'echo', title: 'Echo', cases: [{ size: 1 }, { size: 2 }] }]);
  const trials = ofKind(run, 'trial');
  t.is(trials.filter(({ phase }) => phase === 'warmup').length, 4);
  t.is(trials.filter(({ phase }) => phase === 'measured').length, 12);
  for (const round of [0, 1, 2]) {
    const cases = trials.filter((trial) => trial.phase === 'measured' && trial.round === round);
    t.is(new Set(cases.map(({ platform, parameters }) => `${platform} ${parameters.size}`)).size, 4);
    t.is(
      new Set(
        ofKind(run, 'floor')
          .filter((floor) => floor.round === round)
          .map(({ floor }) => floor),
      ).size,
      2,
    );
  }
  t.true(trials.every(({ outcome }) => outcome.kind === 'ok' && outcome.hops === 1));
});

test('platforms are given the same input in a round, and another one in the next', async (t) => {
  const run = await finishRun([fakeSource('a'), fakeSource('b')]);
  const seeds = Map.groupBy(
    ofKind(run, 'trial').filter(({ phase }) => phase === 'measured'),
    ({ round }) => round,
  );
  const distinct = [...seeds.values()].map((trials) => new Set(trials.map(({ seed }) => seed)));
  t.true(distinct.every((set) => set.size === 1));
  t.is(new Set(distinct.flatMap((set) => [...set])).size, 3);
});

test('a delay that a calibration platform reports is recorded', async (t) => {
  const run = await finishRun([fakeSource('a', { invoke: async (bytes) => invoked(bytes, { injectedNs: 7 }) })]);
  t.true(ofKind(run, 'trial').every(({ outcome }) => outcome.kind === 'ok' && outcome.injectedNs === 7));
});

test('a platform that is not available, does not load or does not start is absent, and the others run', async (t) => {
  const broken: DriverSource = { name: 'broken', load: () => Promise.reject(new Error('no such module')) };
  const dead = fakeSource('dead', { start: () => Promise.reject(new DriverError('PLATFORM_UNAVAILABLE', 'port taken')) });
  const run = await finishRun([fakeSource('off', { runs: false }), broken, dead, fakeSource('good')]);
  t.deepEqual(
    ofKind(run, 'absent').map(({ platform, code, why }) => [platform, code, why]),
    [
      ['off', 'NOT_AVAILABLE', 'not installed; install it'],
      ['broken', 'DRIVER_NOT_LOADED', 'no such module'],
      ['dead', 'PLATFORM_UNAVAILABLE', 'port taken'],
    ],
  );
  t.deepEqual(outcomes(run, 'good'), ['ok', 'ok', 'ok']);
});

test('a case that a platform refuses is absent there, and its other cases run', async (t) => {
  const deploy = async ({ name }: { name: string }) => {
    if (name === 'echo-1') throw new DriverError('UNSUPPORTED_PATTERN', 'no echo of two');
  };
  const run = await finishRun([fakeSource('picky', { deploy })], { sweep: [1, 2] });
  t.like(ofKind(run, 'absent')[0], { platform: 'picky', workload: 'echo', parameters: { size: 2 }, code: 'UNSUPPORTED_PATTERN' });
  t.deepEqual(outcomes(run, 'picky'), ['ok', 'ok', 'ok']);
});

test('a wrong output is recorded as wrong, not as a measurement', async (t) => {
  let calls = 0;
  const invoke = async (input: Uint8Array) => invoked(calls++ === 1 ? Uint8Array.of(1, 2, 3) : input);
  const run = await finishRun([fakeSource('liar', { invoke })]);
  t.deepEqual(outcomes(run, 'liar'), ['wrong', 'ok', 'ok']);
});

test('an output that the oracle stumbles over is wrong', async (t) => {
  const invoke = async (input: Uint8Array) => ({ ...invoked(input), outputs: [] });
  const run = await finishRun([fakeSource('mute', { invoke })]);
  t.regex(JSON.stringify(ofKind(run, 'trial')[0]!.outcome), /wrong.*the oracle could not read it/);
});

test('a trace that cannot be is a failure', async (t) => {
  const invoke = async (input: Uint8Array) => ({
    ...invoked(input),
    trace: { clock: 'host', spans: [{ fn: 'f', startedNs: 1, endedNs: 2 }] },
  });
  const run = await finishRun([fakeSource('timewarp', { invoke })]);
  t.like(ofKind(run, 'trial')[0]!.outcome, { kind: 'failed', code: 'INVALID_TRACE' });
});

test('an injected delay that cannot be is a failure', async (t) => {
  const run = await finishRun([fakeSource('a', { invoke: async (bytes) => invoked(bytes, { injectedNs: Number.NaN }) })]);
  t.like(ofKind(run, 'trial')[0]?.outcome, { kind: 'failed', code: 'INVALID_TRACE' });
});

test('after three failures in a row a case is absent from there on', async (t) => {
  const invoke = () => Promise.reject(new DriverError('PLATFORM_FAILED', 'out of order'));
  const run = await finishRun([fakeSource('bad', { invoke }), fakeSource('good')], { rounds: 5 });
  t.is(ofKind(run, 'trial').filter(({ platform }) => platform === 'bad').length, 3);
  t.deepEqual(
    ofKind(run, 'absent').map(({ platform, workload, code, why }) => [platform, workload, code, why]),
    [['bad', 'echo', 'FAILED_REPEATEDLY', '3 trials in a row failed, the last with PLATFORM_FAILED: out of order']],
  );
  t.is(outcomes(run, 'good').length, 5);
});

test('failures that are not in a row do not end a case', async (t) => {
  let calls = 0;
  const invoke = (input: Uint8Array) => (calls++ % 3 === 2 ? Promise.resolve(invoked(input)) : Promise.reject(new Error('flaky')));
  const run = await finishRun([fakeSource('flaky', { invoke })], { rounds: 8 });
  t.is(outcomes(run, 'flaky').length, 8);
  t.deepEqual(ofKind(run, 'absent'), []);
});

test('a platform that neither answers nor keeps the deadline is given up on', async (t) => {
  const run = await finishRun([fakeSource('stuck', { invoke: () => new Promise(() => {}) }), fakeSource('good')], {
    rounds: 1,
    deadlineMs: 1,
  });
  t.deepEqual(outcomes(run, 'good'), ['ok']);
  t.deepEqual(
    ofKind(run, 'trial')
      .filter(({ platform }) => platform === 'stuck')
      .map(({ outcome }) => outcome.kind === 'failed' && outcome.code),
    ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'],
  );
});

test('a spent budget ends the run after a whole round', async (t) => {
  const run = await finishRun([fakeSource('a'), fakeSource('b')], { budgetMs: 0.001, sweep: [1, 2] });
  const trials = ofKind(run, 'trial').filter(({ phase }) => phase === 'measured').length;
  t.true(trials === 0 || trials === 4, `${trials} trials`);
  t.is(run.manifest.state, 'complete');
});

test('an interrupt cuts the trial under way short, keeps what was measured, and stops every platform', async (t) => {
  const interrupt = new AbortController();
  let calls = 0;
  let stopped = false;
  const invoke: typeof hang = (input, options) => {
    if (calls++ < 2) return Promise.resolve(invoked(input)) as Promise<never>;
    setImmediate(() => interrupt.abort());
    return hang(input, options);
  };
  const stop = async () => {
    stopped = true;
  };
  const run = await finishRun([fakeSource('slow', { invoke, stop })], { signal: interrupt.signal, rounds: 50 });
  t.is(run.manifest.state, 'interrupted');
  t.deepEqual(outcomes(run, 'slow'), ['ok']);
  t.true(stopped);
});

test('progress goes from nothing to nearly all, with an estimate once there is something to go by', async (t) => {
  const told: { done: number; leftMs: number | undefined }[] = [];
  await finishRun([fakeSource('a')], { progress: { ...quiet, update: (status) => told.push(status) } });
  t.is(told[0]!.done, 0);
  t.is(told[0]!.leftMs, undefined);
  t.true(told.at(-1)!.done > 0.9 && told.at(-1)!.done < 1);
  t.true(told.slice(1).every(({ leftMs }) => leftMs !== undefined && leftMs >= 0));
  t.deepEqual(
    told.map(({ done }) => done),
    told.map(({ done }) => done).toSorted((a, b) => a - b),
  );
});

test('a run without platforms samples the floors', async (t) => {
  const run = await finishRun([]);
  t.is(ofKind(run, 'floor').length, 6);
  t.is(ofKind(run, 'trial').length, 0);
});

test('a folder that holds a run is not written to', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'conduct-'));
  await finishRun([], { dir });
  await t.throwsAsync(finishRun([], { dir }), { instanceOf: InputError, message: /expected a folder without a run/ });
  rmSync(dir, { recursive: true });
});
