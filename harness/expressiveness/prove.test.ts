import test from 'ava';
import { calibrationNull } from '../../baselines/calibration/driver.ts';
import type { Driver, Platform } from '../../workloads/api/driver.ts';
import { validateWorkflow } from '../../workloads/api/validate.ts';
import { PATTERNS } from '../../workloads/api/workflow.ts';
import { PROBES } from './probes.ts';
import { type Column, prove } from './prove.ts';
import { faultsOf } from './tables.ts';

const signal = new AbortController().signal;
const { capabilities } = calibrationNull;

/** The calibration platform with other capabilities, or with a platform that `change` has changed. */
const lying = (declared: Partial<Driver['capabilities']>, change: (platform: Platform) => Platform = (same) => same): Driver => ({
  ...calibrationNull,
  capabilities: { ...capabilities, ...declared },
  start: async (options) => change(await calibrationNull.start(options)),
});
const faults = async (driver: Driver): Promise<readonly string[]> => faultsOf([await prove(driver, signal)]);
const proofs = ({ cells }: Column): readonly string[] => cells.map(({ probe, proof }) => `${probe.pattern} ${probe.scope} ${proof.kind}`);

test('Every pattern has a minimal workflow that holds together, batch and window one in each scope', (t) => {
  for (const { workflow } of PROBES) t.notThrows(() => validateWorkflow(workflow), workflow.name);
  const covered = PATTERNS.flatMap((pattern) =>
    pattern === 'batch' || pattern === 'window' ? [`${pattern} session`, `${pattern} app`] : [`${pattern} session`],
  );
  t.deepEqual(PROBES.map(({ pattern, scope }) => `${pattern} ${scope}`).sort(), covered.sort());
});

test('What a platform declares is run, or must be refused', async (t) => {
  const column = await prove(calibrationNull, signal);
  t.deepEqual(
    proofs(column).filter((text) => !text.endsWith('ran')),
    ['batch app refused', 'window app refused'],
  );
  t.is(column.cells.length, PROBES.length);
});

test('A pattern that is declared and then refused is a fault', async (t) => {
  const found = await faults(lying({ appScope: {} }));
  t.is(found.length, 2);
  t.regex(found[0]!, /^null, batch, app: expected it to be deployed, got UNSUPPORTED_PATTERN/);
});

test('A pattern that is declared unsupported and then deployed is a fault', async (t) => {
  const patterns = { ...capabilities.patterns, group: { kind: 'unsupported', why: 'a lie' } } as const;
  t.deepEqual(await faults(lying({ patterns })), ['null, group: expected UNSUPPORTED_PATTERN as declared, got a deployment']);
});

test('A wrong output is a fault, whatever the pattern', async (t) => {
  const silent = (platform: Platform): Platform => ({
    pids: () => platform.pids(),
    stop: () => platform.stop(),
    async deploy(workflow) {
      const deployment = await platform.deploy(workflow);
      return { ...deployment, invoke: async (input) => ({ ...(await deployment.invoke(input)), outputs: [] }) };
    },
  });
  const found = await faults(lying({}, silent));
  t.is(found.length, PROBES.length - 2);
  t.true(found.every((fault) => fault.endsWith('expected the right output, got []')));
});

test('A platform that cannot run here, or does not start, is absent and no fault', async (t) => {
  const missing: Driver = { ...calibrationNull, probe: async () => ({ runs: false, why: 'no engine', remedy: 'install one' }) };
  const broken: Driver = { ...calibrationNull, start: () => Promise.reject(new Error('no start')) };
  for (const [driver, why] of [
    [missing, 'no engine; install one'],
    [broken, 'no start'],
  ] as const) {
    const { absence, cells } = await prove(driver, signal);
    t.is(absence, why);
    t.true(cells.every(({ proof }) => proof.kind === 'absent'));
  }
});

test('An interrupt ends the proof with the platform stopped', async (t) => {
  const controller = new AbortController();
  let platform: Platform | undefined;
  const driver = lying({}, (started) => {
    platform = started;
    controller.abort();
    return started;
  });
  await t.throwsAsync(prove(driver, controller.signal));
  t.deepEqual(platform?.pids(), []);
});
