import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ConfigError } from './config-error.ts';
import { type Configuration, readConfiguration, type Sources } from './configuration.ts';
import { GATEWAY_BOUNDS } from './gateway-sections.ts';
import { CLUSTER, SECTIONS, UP, WORKER } from './sections.ts';
import { settingsOf, variable } from './setting.ts';

const folder = mkdtempSync(join(tmpdir(), 'configuration-'));
test.after.always(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function read(sources: Partial<Sources>): Configuration {
  return readConfiguration(SECTIONS, { env: {}, flags: {}, ...sources });
}

const executors = '[worker]\nexecutors = 4\n';

test('A flag counts before the environment, the environment before the file, the file before the default', (t) => {
  const path = file('order.toml', executors);
  const env = { PHEROMONE_WORKER_EXECUTORS: '5' };
  const flags = { worker: { executors: '6' } };
  t.is(read({ file: path, env, flags }).of(WORKER).executors, 6);
  t.is(read({ file: path, env }).of(WORKER).executors, 5);
  t.is(read({ file: path }).of(WORKER).executors, 4);
  t.is(read({}).of(WORKER).executors, 2);
});

test('What was not given is not handed on, so that a role fills in its own defaults', (t) => {
  t.deepEqual(read({ file: file('some.toml', `${executors}labels = ["gpu"]\n`) }).given(WORKER), { executors: 4, labels: ['gpu'] });
});

test('TOML, YAML and JSON say the same with the same names', (t) => {
  const expected = { executors: 4, prefetch: true, labels: ['gpu', 'big'], spinMs: 0.5 };
  const files = [
    file(
      'same.toml',
      '[cluster]\nmanager = "127.0.0.1:7000"\n[worker]\nexecutors = 4\nprefetch = true\nlabels = ["gpu", "big"]\nspin-ms = 0.5\n',
    ),
    file(
      'same.yaml',
      'cluster:\n  manager: 127.0.0.1:7000\nworker:\n  executors: 4\n  prefetch: true\n  labels: [gpu, big]\n  spin-ms: 0.5\n',
    ),
    file('same.yml', '{cluster: {manager: "127.0.0.1:7000"}, worker: {executors: 4, prefetch: true, labels: [gpu, big], spin-ms: 0.5}}'),
    file(
      'same.json',
      JSON.stringify({
        cluster: { manager: '127.0.0.1:7000' },
        worker: { executors: 4, prefetch: true, labels: ['gpu', 'big'], 'spin-ms': 0.5 },
      }),
    ),
  ];
  for (const path of files) {
    t.deepEqual(read({ file: path }).given(WORKER), expected, path);
    t.deepEqual(read({ file: path }).of(CLUSTER).manager, { host: '127.0.0.1', port: 7000 }, path);
  }
});

test('The environment and flags say with text what files say with values', (t) => {
  const env = {
    PHEROMONE_WORKER_LABELS: 'gpu, big',
    PHEROMONE_WORKER_TWO_TIER: 'false',
    PHEROMONE_CLUSTER_MANAGER: '[::1]:7000',
    PHEROMONE_CLUSTER_SECRET: 's',
  };
  const configuration = read({ env, flags: { up: { gateway: true, restart: 'true' } } });
  t.deepEqual(configuration.given(WORKER), { labels: ['gpu', 'big'], twoTier: false });
  t.like(configuration.of(CLUSTER), { manager: { host: '::1', port: 7000 }, secret: 's' });
  t.like(configuration.of(UP), { gateway: true, restart: true });
});

test('Variables of others are left alone', (t) => {
  t.notThrows(() =>
    read({ env: { PHEROMONE_SERVICE_HOST: '10.0.0.1', PHEROMONE_PORT_80_TCP_ADDR: 'x', PHEROMONE_CONFIG: 'x.toml', HOME: '/' } }),
  );
});

test('An empty file is no settings', (t) => {
  for (const name of ['empty.toml', 'empty.yaml']) t.deepEqual(read({ file: file(name, '') }).given(WORKER), {});
});

const refused: readonly (readonly [string, Partial<Sources>, RegExp])[] = [
  [
    'an unknown setting',
    { file: file('a.toml', '[worker]\nexecutor = 4\n') },
    /a\.toml: worker\.executor: .*; did you mean "executors"\?$/,
  ],
  [
    'a setting as the code spells it',
    { file: file('b.toml', '[worker]\narenaBytes = 4\n') },
    /b\.toml: worker\.arenaBytes: .*; did you mean "arena-bytes"\?$/,
  ],
  [
    'a setting like none there is',
    { file: file('c.toml', 'colour = "red"\n') },
    /c\.toml: colour: expected a setting that there is, one of .*log-level.* cluster, .*worker/,
  ],
  ['an unknown section', { file: file('d.yaml', 'wroker:\n  executors: 4\n') }, /d\.yaml: wroker: .*; did you mean "worker"\?$/],
  ['a section that is none', { file: file('e.toml', 'worker = 4\n') }, /e\.toml: worker: expected a table of settings, got 4$/],
  ['a file that is no table', { file: file('f.json', '[]') }, /f\.json: expected a table of settings, got \[\]$/],
  [
    'a text for a number',
    { file: file('g.toml', '[worker]\nexecutors = "4"\n') },
    /g\.toml: worker\.executors: expected a whole number, got "4"$/,
  ],
  ['half an executor', { file: file('h.toml', '[worker]\nexecutors = 1.5\n') }, /worker\.executors: expected a whole number, got 1\.5$/],
  [
    'a word that is not offered',
    { file: file('i.toml', 'log-level = "loud"\n') },
    /log-level: expected one of silent, error, .*, got "loud"$/,
  ],
  ['an address without port', { flags: { cluster: { manager: 'here' } } }, /^--manager: expected HOST:PORT, got "here"$/],
  ['a port beyond all ports', { flags: { cluster: { manager: 'here:70000' } } }, /^--manager: expected HOST:PORT/],
  [
    'an unknown variable',
    { env: { PHEROMONE_WORKER_EXECUTER: '4' } },
    /^PHEROMONE_WORKER_EXECUTER: .*; did you mean "PHEROMONE_WORKER_EXECUTORS"\?$/,
  ],
  [
    'a variable of the wrong kind',
    { env: { PHEROMONE_WORKER_PREFETCH: 'yes' } },
    /^PHEROMONE_WORKER_PREFETCH: expected true or false, got "yes"$/,
  ],
  ['a flag of the wrong kind', { flags: { worker: { spinMs: 'long' } } }, /^--spin-ms: expected a number, got "long"$/],
  [
    'a secret in a file',
    { file: file('j.toml', '[cluster]\nsecret = "s"\n') },
    /j\.toml: cluster\.secret: expected secret-file or PHEROMONE_CLUSTER_SECRET instead$/,
  ],
  ['TOML that is none', { file: file('k.toml', 'a = = b\n') }, /k\.toml: expected TOML, got: /],
  ['YAML that is none', { file: file('l.yaml', 'a: [b\n') }, /l\.yaml: expected YAML, got: /],
  ['JSON that is none', { file: file('m.json', '{') }, /m\.json: expected JSON, got: /],
  ['another kind of file', { file: file('n.ini', '') }, /n\.ini: expected a configuration that ends in \.toml, \.yaml, \.yml, \.json$/],
  ['a file that is not there', { file: join(folder, 'none.toml') }, /none\.toml: expected a configuration, got ENOENT$/],
];

for (const [what, sources, message] of refused) {
  test(`${what} is refused: where, what was expected, what came`, (t) => {
    const error = t.throws(() => read(sources), { instanceOf: ConfigError, message });
    t.false(error?.message.includes('\n'));
  });
}

const outOfRange: readonly (readonly [string, Partial<Sources>, RegExp])[] = [
  ['in a flag', { flags: { worker: { executors: '0' } } }, /^--executors: expected a whole number from 1 to \d+, got 0$/],
  [
    'in the environment',
    { env: { PHEROMONE_WORKER_EXECUTORS: '0' } },
    /^PHEROMONE_WORKER_EXECUTORS: expected a whole number from 1 .* got 0$/,
  ],
  [
    'in a file',
    { file: file('range.toml', '[worker]\nexecutors = 0\n') },
    /range\.toml: worker\.executors: expected a whole number from 1 .* got 0$/,
  ],
];

for (const [where, sources, message] of outOfRange) {
  test(`A value out of range ${where} is refused there, by the role's own rule`, (t) => {
    t.throws(() => read(sources).given(WORKER), { instanceOf: ConfigError, message });
  });
}

test('A limit of the gateway out of range is refused by its name in the file', (t) => {
  const path = file('limits.toml', '[gateway-limits]\nbody-bytes = 0\n');
  const message = /limits\.toml: gateway-limits\.body-bytes: expected a whole number from 1 to \d+, got 0$/;
  t.throws(() => read({ file: path }).given(GATEWAY_BOUNDS), { instanceOf: ConfigError, message });
});

test('No two settings share a variable', (t) => {
  const variables = SECTIONS.flatMap((section) => settingsOf(section).map(([option]) => variable(section, option)));
  t.is(new Set(variables).size, variables.length);
});
