import test from 'ava';
import { InputError } from '../input-error.ts';
import { BUILT_IN } from '../setting.ts';
import { loadSetting } from './load.ts';
import { makeOutside } from './testing/outside.ts';

const WORKLOAD = `export const double = {
  name: 'double', title: 'Double', description: 'Twice.',
  parameters: { size: { default: 1, min: 1, max: 9, unit: 'B', meaning: 'bytes' } },
  workflow: () => ({ name: 'double', entry: 'f', functions: {}, dependencies: [], result: 'first' }),
  input: () => new Uint8Array(1), check: () => ({ ok: true }),
};
export const notOne = 7;`;

const PROFILE = '{ warmups: 0, rounds: 1, executors: 1 }';
const experimentWith = (profile: string): string => `export const twice = {
  name: 'twice', title: 'Twice', question: '?', platforms: ['null'],
  cases: [{ workload: 'double', sweep: { size: [1, 2] } }],
  profiles: { quick: ${profile}, standard: ${PROFILE}, paper: ${PROFILE} },
};`;

const DRIVER = `const native = { kind: 'native', with: 'a call' };
const names = ['sequence', 'choice', 'parallel', 'assemble', 'map', 'batch', 'window', 'k-out-of-n', 'group'];
export const own = {
  name: 'own', title: 'Own', class: 'real', probe: async () => ({ runs: false, why: 'never', remedy: 'none' }), start: () => {},
  capabilities: { patterns: Object.fromEntries(names.map((name) => [name, native])), payloadLimitBytes: Infinity,
    delivery: 'at-most-once', durability: 'none', isolation: 'none' },
};`;

const outside = makeOutside();
test.after.always(() => outside.remove());

async function refusal(config: string, name = 'a.json'): Promise<string> {
  outside.write(name, config);
  const error = await loadSetting(BUILT_IN, name, outside.dir).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof InputError)) throw new Error(`expected an InputError, got ${error}`);
  return error.message;
}

test('without a config there is what the package holds', async (t) => {
  t.is(await loadSetting(BUILT_IN, undefined, outside.dir), BUILT_IN);
});

test('workloads, platforms and experiments of modules and packages join those of the package', async (t) => {
  outside.write('double.js', WORKLOAD);
  outside.write('own.js', DRIVER);
  outside.write('node_modules/experiments/package.json', '{ "name": "experiments", "type": "module", "exports": "./index.js" }');
  outside.write('node_modules/experiments/index.js', experimentWith(PROFILE));
  const config = { workloads: ['./double.js'], platforms: ['./own.js'], experiments: ['experiments'] };
  outside.write('whole.json', JSON.stringify(config));
  outside.write('whole.js', `export const config = ${JSON.stringify(config)};`);
  outside.write('whole.ts', `const config: object = ${JSON.stringify(config)};\nexport default config;`);
  for (const name of ['whole.json', 'whole.js', 'whole.ts']) {
    const { workloads, platforms, experiments } = await loadSetting(BUILT_IN, name, outside.dir);
    t.is(workloads.at(-1)?.name, 'double');
    t.is((await platforms.at(-1)?.load())?.title, 'Own');
    t.is(experiments.at(-1)?.name, 'twice');
    t.is(workloads.length, BUILT_IN.workloads.length + 1);
  }
});

test('what is wrong with a config is told in one line that names the place', async (t) => {
  outside.write('bare.js', 'export const one = 1; export const two = 2;');
  outside.write('broken.js', 'export const = 1;');
  outside.write('half.js', `export const half = { name: 'half', workflow: () => {} };`);
  outside.write('chain.js', WORKLOAD.replace("'double'", "'chain'"));
  outside.write('typo.js', experimentWith('{ warmups: 0, round: 1, executors: 1 }'));
  const cases: [string, RegExp][] = [
    [
      '{ "workload": [] }',
      /^a\.json: expected only the keys workloads, platforms, experiments, got "workload"; did you mean "workloads"\?$/,
    ],
    ['{ "workloads": "./double.js" }', /^a\.json: workloads: expected array, got "\.\/double\.js"$/],
    ['{ "workloads": [', /^a\.json: expected JSON, got: /],
    ['{ "workloads": ["./nowhere.js"] }', /^a\.json: workloads\[0\] "\.\/nowhere\.js": expected a file, found none$/],
    [
      '{ "workloads": ["bare.js"] }',
      /expected a path that begins with \.\/ or an installed package, got MODULE_NOT_FOUND; did you mean "\.\/bare\.js"\?$/,
    ],
    ['{ "workloads": ["./bare.js"] }', /expected an export with name, workflow and the rest of a workload, found one, two$/],
    ['{ "workloads": ["./broken.js"] }', /expected a module that can be imported, got SyntaxError: /],
    ['{ "workloads": ["./half.js"] }', /"\.\/half\.js": export half: title: expected string, got nothing$/],
    ['{ "workloads": ["./chain.js"] }', /^a\.json: expected a workload with a name of its own, got a second "chain"$/],
    ['{ "experiments": ["./typo.js"] }', /export twice: profiles\.quick: expected only the keys .*, got "round"; did you mean "rounds"\?$/],
  ];
  for (const [config, message] of cases) t.regex(await refusal(config), message);
  t.regex(await refusal('export const settings = {};', 'b.js'), /^b\.js: expected an export "config", found settings$/);
  t.regex(await refusal('{}', 'c.yaml'), /^c\.yaml: expected a config that ends in \.json, \.js or \.ts$/);
});
