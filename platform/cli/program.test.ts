import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type RoleProcess, spawnRole } from '../launch/spawn.ts';
import { EXIT } from './exit-codes.ts';
import { GREET, type Ran, run, start } from './testing/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'program-'));
let worker: RoleProcess;
let node: string;

test.before(async () => {
  worker = await spawnRole('worker', { arenaBytes: 2 ** 28 });
  node = `127.0.0.1:${worker.port}`;
  const { code, stderr } = await on('register', GREET);
  if (code !== EXIT.fine) throw new Error(stderr);
});
test.after.always(async () => {
  await worker?.stop();
  rmSync(folder, { recursive: true });
});

/** Runs a command against the worker node. */
function on(...args: readonly string[]): Promise<Ran> {
  return run([...args, '--node', node]);
}

test.serial('A call prints the bytes of its output, and nothing else, on stdout', async (t) => {
  const { code, stdout, stderr } = await on('call', 'greet', 'first', '--input', 'world');
  t.deepEqual({ code, stdout: stdout.toString(), stderr }, { code: EXIT.fine, stdout: 'hello world', stderr: '' });
});

test.serial('The input of a call comes from stdin, or from a file', async (t) => {
  const file = join(folder, 'input');
  writeFileSync(file, 'file');
  const calls = await Promise.all([
    run(['call', 'greet', 'first', '--node', node], 'pipe'),
    run(['call', 'greet', 'first', '--file', '-', '--node', node], 'dash'),
    on('call', 'greet', 'first', '--file', file),
  ]);
  t.deepEqual(
    calls.map(({ stdout }) => stdout.toString()),
    ['hello pipe', 'hello dash', 'hello file'],
  );
});

test.serial('With --all outputs are lines of JSON, in base 64 where they are no text; with --trace spans go to stderr', async (t) => {
  const [text, raw] = await Promise.all([
    on('call', 'greet', 'first', '--input', 'x', '--all', '--trace'),
    on('call', 'greet', 'raw', '--all'),
  ]);
  t.deepEqual(JSON.parse(text.stdout.toString()), { source: 'second', key: '', group: '', bytes: 7, text: 'hello x' });
  const row = String.raw` +[\d.]+ +[\d.]+ +[\d.]+  `;
  t.regex(
    text.stderr,
    new RegExp(`took us +queued us  function\n${row}first \\(\\S+, executor \\d\\)\n${row}second \\(\\S+, executor \\d\\)\n$`),
  );
  t.deepEqual(JSON.parse(raw.stdout.toString()), { source: 'raw', key: 'k', group: 'g', bytes: 2, base64: '/wA=' });
});

test.serial('A trace can be written to a file, for Chrome or for OpenTelemetry', async (t) => {
  const [chrome, otlp] = [join(folder, 'trace.json'), join(folder, 'otlp.json')];
  const [first, second, none] = await Promise.all([
    on('call', 'greet', 'first', '--input', 'x', '--trace', chrome),
    on('call', 'greet', 'first', '--input', 'x', '--all', '--trace', otlp, '--trace-format', 'otlp'),
    on('call', 'greet', 'first', '--input', 'x', '--trace', join(folder, 'none', 'trace.json')),
  ]);
  t.deepEqual([first.stdout.toString(), first.stderr, second.stderr], ['hello x', '', '']);
  const { traceEvents } = JSON.parse(readFileSync(chrome, 'utf8'));
  t.true(traceEvents.some(({ ph, name }: { ph: string; name: string }) => ph === 'X' && name === 'first'));
  t.is(JSON.parse(readFileSync(otlp, 'utf8')).resourceSpans[0].scopeSpans[0].spans[0].name, 'greet');
  t.is(none.code, EXIT.badInput);
  t.regex(none.stderr, /^pheromone: --trace .*: expected a file to write to, got ENOENT\n$/);
});

test.serial('A function that fails is told from a call that cannot be made', async (t) => {
  const cases = [
    [['call', 'greet', 'failing'], EXIT.functionFailed, /^pheromone: FUNCTION_FAILED: .*as it should\n$/],
    [['call', 'greet', 'endless', '--deadline', '50'], EXIT.failure, /^pheromone: DEADLINE_EXCEEDED: .*\n$/],
    [['call', 'great', 'first'], EXIT.badInput, /^pheromone: UNKNOWN_APP: .*\n$/],
    [['call', 'greet', 'first', '--input', 'x', '--file', 'x'], EXIT.badInput, /^pheromone: expected --input or --file, got both\n$/],
    [['call', 'greet', 'first', '--file', join(folder, 'none')], EXIT.badInput, /^pheromone: --file .*: expected a file, got ENOENT\n$/],
    [['call', 'greet', 'first', '--deadline', 'soon'], EXIT.badInput, /expected a whole number, got "soon"\n$/],
  ] as const;
  const results = await Promise.all(cases.map(([args]) => on(...args)));
  for (const [index, [args, code, line]] of cases.entries()) {
    t.is(results[index]?.code, code, args.join(' '));
    t.regex(results[index]?.stderr ?? '', line);
    t.is(results[index]?.stdout.length, 0);
  }
});

test.serial('An interrupted call is cancelled', async (t) => {
  const { child, ended, said } = start(['call', 'greet', 'endless', '--input', 'x', '--node', node, '--log-level', 'debug']);
  await said(/calling/);
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  t.is(code, EXIT.interrupted);
  t.regex(stderr, /pheromone: CANCELLED: /);
});

test.serial('Status is a table for people and a document for machines', async (t) => {
  const [table, json, lines] = await Promise.all([on('status'), on('status', '--json'), on('apps')]);
  t.regex(table.stdout.toString(), new RegExp(`${node} .* of 2 busy .* of 268 MB`));
  const [member, ...more] = JSON.parse(json.stdout.toString()).members;
  t.deepEqual(more, []);
  t.is(member.address, node);
  t.true(member.apps.includes('greet'));
  t.true(lines.stdout.toString().split('\n').includes('greet'));
});

test.serial('Definitions come as JSON, YAML or a module too, and are taken back by name', async (t) => {
  const functions = `[{"name": "f", "module": "./f.mjs", "export": "f"}]`;
  writeFileSync(join(folder, 'f.mjs'), `export const f = (library) => library.send(library.inputs[0].bytes, {}, { output: true });`);
  writeFileSync(join(folder, 'a.json'), `{"name": "of-json", "functions": ${functions}}`);
  writeFileSync(join(folder, 'a.yaml'), `name: of-yaml\nfunctions: ${functions}\n`);
  writeFileSync(join(folder, 'a.mjs'), `export const app = { name: 'of-module', functions: ${functions} };`);
  for (const name of ['a.json', 'a.yaml', 'a.mjs']) {
    const { code, stderr } = await on('register', join(folder, name));
    t.is(code, EXIT.fine, stderr);
  }
  t.is((await on('call', 'of-module', 'f', '--input', 'x')).stdout.toString(), 'x');
  t.is((await on('unregister', 'of-yaml')).code, EXIT.fine);
  const names = (await on('apps')).stdout.toString().split('\n');
  t.deepEqual(
    ['of-json', 'of-yaml', 'of-module'].map((name) => names.includes(name)),
    [true, false, true],
  );
});

test.serial('A definition that is none, and one that does not hold together, are refused', async (t) => {
  writeFileSync(join(folder, 'list.json'), '[]');
  writeFileSync(join(folder, 'throws.mjs'), 'throw new Error("no app here");');
  writeFileSync(join(folder, 'empty.json'), '{"name": "empty", "functions": []}');
  const cases = [
    ['list.json', /list\.json: expected the definition of an app, with name/],
    ['throws.mjs', /throws\.mjs: expected a module that exports "app", got Error: no app here/],
    ['empty.json', /INVALID_APP/],
    ['none.json', /none\.json: expected a definition .*, got ENOENT/],
    ['a.txt', /a\.txt: expected a definition .* that ends in/],
  ] as const;
  const results = await Promise.all(cases.map(([name]) => on('register', join(folder, name))));
  for (const [index, [name, line]] of cases.entries()) {
    t.is(results[index]?.code, EXIT.badInput, name);
    t.regex(results[index]?.stderr ?? '', line);
  }
});

test.serial('Without anything to speak to, and with nobody there, a command says so', async (t) => {
  const state = join(folder, 'no-state');
  const [bare, nothing, nobody, logs] = await Promise.all([
    run([]),
    run(['apps', '--state', state]),
    run(['apps', '--node', '127.0.0.1:1']),
    run(['logs', '--state', state]),
  ]);
  t.like(bare, { code: EXIT.badInput });
  t.regex(bare.stderr, /^Usage: pheromone .*expected a command, got none\n$/s);
  t.like(nothing, { code: EXIT.badInput });
  t.regex(nothing.stderr, /expected --manager HOST:PORT, --node HOST:PORT, or a cluster that pheromone up runs/);
  t.like(nobody, { code: EXIT.failure });
  t.regex(nobody.stderr, /DISCONNECTED: connect to 127\.0\.0\.1:1: ECONNREFUSED/);
  t.like(logs, { code: EXIT.badInput });
  t.regex(logs.stderr, /expected the logs of a cluster that pheromone up has run, got ENOENT/);
});

test.serial('A command whose reader goes away ends without a word', async (t) => {
  const { child, ended } = start(['--help']);
  child.stdout?.destroy();
  const { stderr } = await ended;
  t.is(stderr, '');
});

test.serial('Help names the commands and the exit codes', async (t) => {
  const { code, stdout } = await run(['--help']);
  t.is(code, EXIT.fine);
  for (const name of ['up', 'worker', 'manager', 'status', 'register', 'call', 'logs', '--log-level', 'bad input']) {
    t.true(stdout.toString().includes(name), name);
  }
});
