import test from 'ava';
import fc from 'fast-check';
import { PheromoneError } from '../core/errors.ts';
import { bundleId, bundleKey, decodeBundle, encodeBundle, getBundle, putBundle } from './bundles.ts';
import { STORE_LIMITS } from './durable/limits.ts';
import { openMemoryStore } from './durable/memory-store.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const FILES = [
  { path: 'index.js', bytes: bytes('export const a = 1;') },
  { path: 'lib/deep/er.json', bytes: bytes('{}') },
  { path: 'lib/ä b.js', bytes: bytes('') },
];

function plain(files: readonly { path: string; bytes: Uint8Array }[]): unknown {
  return files.map((file) => [file.path, [...file.bytes]]);
}

test('the same files have the same id in any order, and other files another', async (t) => {
  const store = openMemoryStore();
  const id = await putBundle(store, FILES);
  t.regex(id, /^[0-9a-f]{64}$/);
  t.is(await putBundle(store, FILES.toReversed()), id);
  t.not(await putBundle(store, FILES.slice(1)), id);
  t.not(
    await putBundle(
      store,
      FILES.map((file) => ({ ...file, path: `${file.path}x` })),
    ),
    id,
  );
  t.not(await putBundle(store, [...FILES.slice(0, 2), { path: 'lib/ä b.js', bytes: bytes(' ') }]), id);
});

test('a bundle comes back file by file', async (t) => {
  const store = openMemoryStore();
  t.deepEqual(plain(await getBundle(store, await putBundle(store, FILES))), plain(FILES));
  t.deepEqual(await getBundle(store, await putBundle(store, [])), []);
});

test('where no byte moves from one file to its neighbour, no two bundles are the same', (t) => {
  const file = fc.record({ path: fc.stringMatching(/^[a-c]{1,3}$/), bytes: fc.uint8Array({ maxLength: 3 }) });
  const bundle = fc.uniqueArray(file, { selector: ({ path }) => path, maxLength: 3 });
  const key = (files: readonly { path: string; bytes: Uint8Array }[]): string =>
    JSON.stringify(plain(files.toSorted((a, b) => (a.path < b.path ? -1 : 1))));
  fc.assert(fc.property(bundle, bundle, (a, b) => (bundleId(encodeBundle(a)) === bundleId(encodeBundle(b))) === (key(a) === key(b))));
  t.pass();
});

test('paths that lead out of the bundle, or that collide, are refused', (t) => {
  const refused = [
    '',
    '/etc/passwd',
    '../up.js',
    'a/../../up.js',
    './a.js',
    'a//b.js',
    'a/',
    'a\\..\\b.js',
    'a\0.js',
    'a\n.js',
    '\ud800',
    'a'.repeat(300),
  ];
  for (const path of refused) {
    const error = t.throws(() => encodeBundle([{ path, bytes: bytes('') }]), { instanceOf: PheromoneError, code: 'INVALID_ARGUMENT' });
    t.regex(error?.message ?? '', /^bundle: file ".*": expected /);
  }
  const twice = ['a.js', 'a.js'].map((path) => ({ path, bytes: bytes('') }));
  t.throws(() => encodeBundle(twice), { code: 'INVALID_ARGUMENT', message: /each path once/ });
  const below = ['a', 'a/b/c.js'].map((path) => ({ path, bytes: bytes('') }));
  t.throws(() => encodeBundle(below), { code: 'INVALID_ARGUMENT', message: /expected "a" to be a folder/ });
});

test('too many files and too many bytes are refused', (t) => {
  const many = Array.from({ length: STORE_LIMITS.bundleFiles + 1 }, (_, i) => ({ path: `${i}`, bytes: bytes('') }));
  t.throws(() => encodeBundle(many), { code: 'INVALID_ARGUMENT', message: /at most 20000 files, got 20001/ });
  t.notThrows(() => encodeBundle(many.slice(1)));
  const half = new Uint8Array(STORE_LIMITS.bundleBytes / 2 + 1); // never touched, so never in memory
  const large = ['a', 'b'].map((path) => ({ path, bytes: half }));
  t.throws(() => encodeBundle(large), { code: 'OBJECT_TOO_LARGE' });
});

test('bytes that are no bundle are refused, whatever they are', (t) => {
  const encoded = (head: string, rest = ''): Uint8Array => Buffer.concat([Buffer.from([0, 0, 0, head.length]), bytes(head), bytes(rest)]);
  for (const wrong of [
    bytes(''),
    bytes('abc'),
    Buffer.from([255, 255, 255, 255, 1]),
    encoded('{'),
    encoded('null'),
    encoded('{"version":2,"files":[]}'),
    encoded('{"version":1,"files":[["a",1.5]]}'),
    encoded('{"version":1,"files":[["a",-1]]}'),
    encoded('{"version":1,"files":[["a",2]]}', 'x'),
    encoded('{"version":1,"files":[["a",1]]}', 'xy'),
    encoded('{"version":1,"files":[["../a",1]]}', 'x'),
  ]) {
    t.throws(() => decodeBundle(wrong), { instanceOf: PheromoneError, code: 'INVALID_ARGUMENT', message: /^bundle: / });
  }
  fc.assert(
    fc.property(fc.uint8Array(), (any) => {
      t.throws(() => decodeBundle(any), { instanceOf: PheromoneError });
    }),
  );
});

test('a bundle that is not there, and one whose bytes are others, are told apart', async (t) => {
  const store = openMemoryStore();
  const id = await putBundle(store, FILES);
  await t.throwsAsync(getBundle(store, '0'.repeat(64)), { code: 'FUNCTION_LOAD_FAILED', message: /^bundle 0{64}: expected it/ });
  await store.put(bundleKey(id), encodeBundle(FILES.slice(1)));
  await t.throwsAsync(getBundle(store, id), { code: 'STORE_FAILED', message: /expected bytes with this hash/ });
});
