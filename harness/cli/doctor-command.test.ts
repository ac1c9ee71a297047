import test from 'ava';
import { InputError } from '../input-error.ts';
import { fakeSource } from '../run/testing/fake-driver.ts';
import type { Setting } from '../setting.ts';
import { doctor } from './doctor-command.ts';
import { EXIT } from './exit-codes.ts';

const profile = { warmups: 0, rounds: 1, executors: 1 };
const experimentOn = (name: string, platforms: readonly string[]) => ({
  name,
  title: name,
  question: '?',
  platforms,
  cases: [],
  profiles: { quick: profile, standard: profile, paper: profile },
});
const setting: Setting = {
  workloads: [],
  platforms: [
    fakeSource('here'),
    fakeSource('away', { runs: false }),
    { name: 'broken', load: () => Promise.reject(new Error('no such module')) },
  ],
  experiments: [experimentOn('small', ['here']), experimentOn('large', ['here', 'away']), experimentOn('odd', ['nowhere'])],
};

async function examined(experiment?: string) {
  const lines: string[] = [];
  const code = await doctor(setting, experiment, (text) => lines.push(text));
  return { code, text: lines.join('\n') };
}

test('an experiment of which every platform runs here is fine', async (t) => {
  const { code, text } = await examined('small');
  t.is(code, EXIT.fine);
  t.regex(text, /here .*yes .*1/);
  t.regex(text, /Everything that small needs can run here\./);
  t.notRegex(text, /away/);
});

test('a platform that cannot run here is told with the reason and what to do', async (t) => {
  const { code, text } = await examined('large');
  t.is(code, EXIT.incomplete);
  t.regex(text, /away .*no .*not installed .*install it/);
  t.regex(text, /Cannot run here: away\./);
});

test('without an experiment every platform is looked at, one that cannot be loaded too', async (t) => {
  const { code, text } = await examined();
  t.is(code, EXIT.incomplete);
  t.regex(text, /broken .*no .*its driver cannot be loaded: no such module/);
  t.regex(text, /Cannot run here: away, broken\./);
});

test('an experiment that names no platform of this setting cannot run', async (t) => {
  t.regex((await examined('odd')).text, /nowhere .*no platform of this name/);
});

test('an unknown experiment is bad input', async (t) => {
  await t.throwsAsync(examined('smal'), { instanceOf: InputError, message: /did you mean "small"\?/ });
});
