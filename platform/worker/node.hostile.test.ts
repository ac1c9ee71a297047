import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { serialize } from 'node:v8';
import test, { type ExecutionContext } from 'ava';
import { Packr } from 'msgpackr';
import { type Client, connectClient } from '../client/client.ts';
import type { AppDefinition } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';
import { spawnRole } from '../launch/spawn.ts';
import { CLIENT_HEADS } from '../wire/client-heads.ts';
import { encodeHead, PREFIX_BYTES, writePrefix } from '../wire/codec.ts';
import { GREETING_PROTOCOL, PROTOCOL_VERSION } from '../wire/greeting-messages.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import { newAuthority } from '../wire/testing/certificates.ts';
import { appOf, fn, INPUT, textOf } from './testing/node.ts';

const HOST = '127.0.0.1';
const MIB = 2 ** 20;
const WARM_UP = 600;
const CONNECTIONS = 2_400;
const AT_ONCE = 40;
/** Far less than what leaks if every connection leaves a buffer of its own behind, far more than a heap breathes. */
const GROWTH_MIB = 96;

const echoes = appOf('echoes', [fn('fault-bodies', 'echo')]);

/** A node in a process of its own, with a client that has registered `echoes`. */
async function serving(t: ExecutionContext): Promise<{ port: number; pid: number; client: Client }> {
  const { port, pid, stop } = await spawnRole('worker', { arenaBytes: 64 * MIB, executors: 1 });
  t.teardown(stop);
  const client = await connectClient({ host: HOST, port });
  t.teardown(() => client.close());
  await client.register(echoes);
  return { port, pid, client };
}

function frame(head: Uint8Array, payloadBytes = 0, come = payloadBytes): Buffer {
  const bytes = Buffer.alloc(PREFIX_BYTES + head.length + come);
  writePrefix(bytes, 0, head.length, payloadBytes);
  bytes.set(head, PREFIX_BYTES);
  return bytes;
}

const packr = new Packr({ useRecords: false });
const packed = (fields: unknown): Uint8Array => Uint8Array.from(packr.pack(fields));
const self = { role: 'client', name: 'hostile' } as const;
const nonce = new Uint8Array(0);
const hello = frame(encodeHead(GREETING_PROTOCOL.sends, { type: 'hello', version: PROTOCOL_VERSION, ...self, pid: 1, nonce }, 0));
const call = encodeHead(
  CLIENT_HEADS,
  { type: 'call', id: 1, app: 'echoes', fn: 'echo', answer: 'all', deadlineMs: undefined, trace: true },
  0,
);
const callHead = Uint8Array.from(call);
const cutDefinition = serialize({ name: 'a', functions: [] }).subarray(0, -3);

/** What is said to the node, each on a connection of its own; the seed makes bytes that differ. */
const nonsense: ((seed: number) => Buffer)[] = [
  (seed) => Buffer.from(Array.from({ length: 400 }, (_, at) => (at * seed * 31 + seed) & 0xff)),
  () => Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'),
  () => hello.subarray(0, -3),
  () => Buffer.concat([hello, hello]),
  (seed) => Buffer.concat([hello, frame(packed([seed % 256, 'a', null, seed]))]),
  () => Buffer.concat([hello, frame(callHead, WIRE_LIMITS.frameBytes - callHead.length - 4, 100)]),
  () => Buffer.concat([hello, frame(callHead, 100_000, 50_000)]),
  () => Buffer.concat([hello, frame(callHead, 10), frame(callHead, 100_000)]),
  () => Buffer.concat([hello, frame(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff))]),
  () => Buffer.concat([hello, frame(packed([1, 1, cutDefinition]))]),
  (seed) => Buffer.concat([hello, frame(packed([1, 1, serialize({ name: `app ${seed}`, functions: new Array(1_000).fill({}) })]))]),
];

/** Says something and hangs up; resolves when the connection is closed. */
function pester(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST, () => socket.end(bytes));
    socket.on('error', () => {}).on('close', () => resolve());
    socket.resume();
  });
}

async function pesterAll(port: number, count: number): Promise<void> {
  for (let begun = 0; begun < count; begun += AT_ONCE) {
    const seeds = Array.from({ length: AT_ONCE }, (_, at) => begun + at);
    await Promise.all(seeds.map((seed) => pester(port, nonsense[seed % nonsense.length]!(seed))));
  }
}

const residentMib = (pid: number): number => Number(execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`], { encoding: 'utf8' })) / 1_024;

test('thousands of bad connections neither end nor grow a node, and it serves who behaves', async (t) => {
  const { port, pid, client } = await serving(t);
  await pesterAll(port, WARM_UP);
  const beforeMib = residentMib(pid);
  await pesterAll(port, CONNECTIONS);
  const grownMib = residentMib(pid) - beforeMib;
  t.true(grownMib < GROWTH_MIB, `grown by ${grownMib.toFixed(0)} MiB`);
  t.is(await textOf(client.call('echoes', 'echo', INPUT)), 'input');
  for (let i = 0; i < 500 && (await client.status()).sessions > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
  const { sessions, apps } = await client.status();
  t.deepEqual({ sessions, apps }, { sessions: 0, apps: ['echoes'] });
});

const cyclic: { name: string; functions: unknown[] } = { name: 'cyclic', functions: [] };
cyclic.functions.push(cyclic);
const sparse = new Array(2 ** 32 - 1);
let deep: unknown = {};
for (let depth = 0; depth < 1_000; depth++) deep = [deep];
const parts = { functions: [fn('fault-bodies', 'echo')], buckets: [{ name: 'b' }], triggers: [] };

const hostile: [what: string, definition: unknown][] = [
  ['is a list', []],
  ['is a map', new Map([['name', 'm']])],
  ['is bytes', new Uint8Array(10)],
  ['has a name of a million characters', { ...parts, name: 'n'.repeat(1_000_000) }],
  ['has functions that are four billion and none', { ...parts, name: 's', functions: sparse }],
  ['has itself as its function', cyclic],
  ['has functions that are a map', { ...parts, name: 'm', functions: new Map() }],
  ['has null as its function', { ...parts, name: 'n', functions: [null] }],
  ['has deep nesting for a name', { ...parts, name: deep }],
  ['has a big integer for a timeout', { ...parts, name: 'i', functions: [{ ...parts.functions[0], timeoutMs: 5n }] }],
  [
    'has a trigger of an unknown primitive',
    { ...parts, name: 't', triggers: [{ name: 't', bucket: 'b', primitive: '__proto__', target: 'echo' }] },
  ],
  [
    'waits for four billion keys',
    { ...parts, name: 'k', triggers: [{ name: 't', bucket: 'b', primitive: 'by-set', keys: sparse, target: 'echo' }] },
  ],
];

test('a node with a secret and certificates serves who has both, and nobody else', async (t) => {
  const tls = await (await newAuthority()).issue(HOST);
  const security = { secret: 'a secret of more than sixteen bytes', tls };
  const { port, stop } = await spawnRole('worker', { arenaBytes: 64 * MIB, executors: 1 }, { security });
  t.teardown(stop);
  const client = await connectClient({ host: HOST, port, security });
  t.teardown(() => client.close());
  await client.register(echoes);
  const input = Buffer.alloc(5 * MIB, 'input');
  const { outputs } = await client.call('echoes', 'echo', input);
  t.is(Buffer.compare(input, outputs[0]?.bytes as Uint8Array), 0);
  for (const wrong of [{ tls }, { ...security, secret: 'another one of more than sixteen bytes' }]) {
    const error = await t.throwsAsync(connectClient({ host: HOST, port, security: wrong }), { instanceOf: PheromoneError });
    t.is(error?.code, 'UNAUTHENTICATED');
  }
  await t.throwsAsync(connectClient({ host: HOST, port, security: { secret: security.secret } }), { instanceOf: PheromoneError });
});

test('hostile definitions are refused, and change nothing for others', async (t) => {
  const { client } = await serving(t);
  for (const [what, definition] of hostile) {
    const error = await t.throwsAsync(client.register(definition as AppDefinition), { instanceOf: PheromoneError }, what);
    t.is(error?.code, 'INVALID_APP', what);
    t.true((error?.message.length ?? 0) < 1_000, what);
  }
  t.is(await textOf(client.call('echoes', 'echo', INPUT)), 'input');
  t.deepEqual((await client.status()).apps, ['echoes']);
});

test('names that are properties of every object are names like any others', async (t) => {
  const { client } = await serving(t);
  const names = ['__proto__', 'constructor', 'toString'];
  for (const name of names) {
    const own = JSON.parse('{"__proto__": {"inline": "polluted"}}') as object;
    await client.register({ ...own, name, functions: [{ ...fn('fault-bodies', 'echo'), name }], buckets: [{ name }], triggers: [] });
    t.is(await textOf(client.call(name, name, INPUT)), 'input');
  }
  const refused = (name: string) => t.throwsAsync(client.call('echoes', name, INPUT), { instanceOf: PheromoneError, message: /function/ });
  await Promise.all(names.map(refused));
  t.deepEqual((await client.status()).apps.toSorted(), ['echoes', ...names].toSorted());
});

test('a definition beyond the bound is refused before it is sent', async (t) => {
  const { client } = await serving(t);
  const config = new Uint8Array(WIRE_LIMITS.definitionBytes);
  const definition = { ...echoes, functions: [{ ...fn('fault-bodies', 'echo'), config }] };
  await t.throwsAsync(client.register(definition), {
    instanceOf: PheromoneError,
    message: /expected a definition of at most 16777216 bytes/,
  });
  t.is(await textOf(client.call('echoes', 'echo', INPUT)), 'input');
});
