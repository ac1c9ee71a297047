/** What every durable store has to do, as tests. */
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { PheromoneError } from '../../../core/errors.ts';
import { LIMITS } from '../../../core/limits.ts';
import type { DurableStore } from '../durable-store.ts';
import { keyFault } from '../keys.ts';
import { STORE_LIMITS } from '../limits.ts';
import { bytesOf } from './values.ts';

/** Gives an empty store, and undoes everything when the test is over. */
export type OpenStore = (t: ExecutionContext) => Promise<DurableStore>;

/** All keys of a list, in order of their UTF-16 code units. */
export async function keysOf(store: DurableStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.list(prefix)) keys.push(key);
  return keys.sort();
}

function same(t: ExecutionContext, actual: Uint8Array | undefined, expected: Uint8Array): void {
  t.is(actual?.length, expected.length);
  t.is(Buffer.compare(actual as Uint8Array, expected), 0);
}

/** Declares all of them for one store; `name` begins their titles. */
export function testDurableStore(name: string, open: OpenStore): void {
  testValues(name, open);
  testKeys(name, open);
  testRefusals(name, open);
}

/** Declares those about single values: what an emulation of a store can be expected to do. */
export function testValues(name: string, open: OpenStore): void {
  for (const [words, size] of Object.entries({ 'no byte': 0, 'one byte': 1, '100 KiB': 102_400, '20 MiB': 20_971_520 })) {
    test(`${name}: a value of ${words} comes back as it went in`, async (t) => {
      const store = await open(t);
      const value = bytesOf(size);
      await store.put('value', value);
      same(t, await store.get('value'), value);
    });
  }

  test(`${name}: a put replaces what the key had, shorter or longer`, async (t) => {
    const store = await open(t);
    for (const size of [1_000, 10, 100_000]) {
      const value = bytesOf(size, size);
      await store.put('value', value);
      same(t, await store.get('value'), value);
    }
  });

  test(`${name}: a key without a value gives undefined, and so does one that was deleted`, async (t) => {
    const store = await open(t);
    t.is(await store.get('value'), undefined);
    await store.delete('value');
    await store.put('value', bytesOf(10));
    await store.put('value/below', bytesOf(11));
    await store.delete('value');
    t.is(await store.get('value'), undefined);
    same(t, await store.get('value/below'), bytesOf(11));
  });

  test(`${name}: what is got is the caller's own, and what was put is the store's`, async (t) => {
    const store = await open(t);
    const value = bytesOf(1_000);
    await store.put('value', value);
    value.fill(0);
    ((await store.get('value')) as Uint8Array).fill(1);
    same(t, await store.get('value'), bytesOf(1_000));
  });

  test(`${name}: a view on shared memory is stored as its bytes`, async (t) => {
    const store = await open(t);
    const shared = new Uint8Array(new SharedArrayBuffer(300_000), 1_000, 200_000);
    shared.set(bytesOf(200_000));
    await store.put('value', shared);
    same(t, await store.get('value'), bytesOf(200_000));
  });
}

function testKeys(name: string, open: OpenStore): void {
  test(`${name}: many puts at once are all stored, and of those to one key one as a whole`, async (t) => {
    const store = await open(t);
    const seeds = Array.from({ length: 60 }, (_, i) => i);
    await Promise.all(
      seeds.flatMap((seed) => [store.put(`many/${seed}`, bytesOf(3_000, seed)), store.put('one', bytesOf(3_000 + seed, seed))]),
    );
    for (const seed of seeds) same(t, await store.get(`many/${seed}`), bytesOf(3_000, seed));
    const one = (await store.get('one')) as Uint8Array;
    same(t, one, bytesOf(one.length, one.length - 3_000));
  });

  test(`${name}: keys in any script, with spaces, signs and slashes are all different ones`, async (t) => {
    const store = await open(t);
    const keys = [
      'a',
      'A',
      'a b',
      'a+b',
      'a%20b',
      'a%2Fb',
      'a&b=c?d#e',
      'a\'"<b>',
      'ä',
      'a\u0308',
      'ключ/鍵/🔑',
      '...',
      'a.b',
      'x/y/z',
      '~*()!@:,;',
    ];
    await Promise.all(keys.map((key, i) => store.put(key, bytesOf(10, i))));
    for (const [i, key] of keys.entries()) same(t, await store.get(key), bytesOf(10, i));
    t.deepEqual(
      await keysOf(store, ''),
      keys
        .map((key) => Buffer.from(key))
        .sort(Buffer.compare)
        .map(String),
    );
  });

  test(`${name}: any text is a key of its own, or is refused`, async (t) => {
    const store = await open(t);
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme-ascii', maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('.', '..', '%2e', '!', ' ', 'e\u0301', '👩‍🚀', '\ud800'),
    );
    const text = fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join('/'));
    const stored = new Set<string>();
    await fc.assert(
      fc.asyncProperty(text, async (key) => {
        const put = store.put(key, Buffer.from(key));
        if (keyFault(key) !== undefined) return void (await t.throwsAsync(put, { code: 'INVALID_ARGUMENT' }));
        await put;
        stored.add(key);
        same(t, await store.get(key), Buffer.from(key));
      }),
      { numRuns: 40 },
    );
    t.deepEqual(await keysOf(store, ''), [...stored].sort());
  });

  test(`${name}: a key and a segment may be as long as the limits say`, async (t) => {
    const store = await open(t);
    const segment = 'ж'.repeat(STORE_LIMITS.segmentBytes / 2);
    const key = `${`${'k'.repeat(STORE_LIMITS.segmentBytes)}/`.repeat(5)}${'k'.repeat(18)}`;
    t.is(Buffer.byteLength(segment), STORE_LIMITS.segmentBytes);
    t.is(key.length, STORE_LIMITS.keyBytes);
    for (const longest of [segment, key]) {
      await store.put(longest, bytesOf(10));
      same(t, await store.get(longest), bytesOf(10));
      t.deepEqual(await keysOf(store, longest), [longest]);
    }
  });

  test(`${name}: a list holds what begins with the prefix, each key once, over several pages`, async (t) => {
    const store = await open(t);
    const count = 2 * STORE_LIMITS.pageKeys + 100;
    const inside = Array.from({ length: count }, (_, i) => `app/objects/${i.toString().padStart(5, '0')}`);
    const outside = ['app', 'app/object', 'app/objects', 'app/objects.txt', 'app/objectt/1', 'b'];
    await putAll(store, [...inside, ...outside]);
    t.deepEqual(await keysOf(store, 'app/objects/'), inside);
    t.deepEqual(await keysOf(store, 'app/objects/0000'), inside.slice(0, 10));
    t.deepEqual(await keysOf(store, 'app/objects/7'), []);
    t.deepEqual(await keysOf(store, ''), [...inside, ...outside].sort());
    t.deepEqual(await keysOf(store, 'app/objects!'), []);
  });
}

/** Puts a byte under each key, some at a time. */
async function putAll(store: DurableStore, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += 100) await Promise.all(keys.slice(at, at + 100).map((key) => store.put(key, bytesOf(1))));
}

function testRefusals(name: string, open: OpenStore): void {
  test(`${name}: keys that a store could take for another one are refused`, async (t) => {
    const store = await open(t);
    const long = 's'.repeat(STORE_LIMITS.segmentBytes + 1);
    const tooLong = 's/'.repeat(STORE_LIMITS.keyBytes / 2).padEnd(STORE_LIMITS.keyBytes + 1, 's');
    for (const key of ['', '/a', 'a/', 'a//b', '.', '..', 'a/../b', './a', 'a/.', 'a\\b', 'a\0b', 'a\nb', '\ud800', long, tooLong]) {
      for (const call of [store.put(key, bytesOf(1)), store.get(key), store.delete(key)]) {
        const error = await t.throwsAsync(call, { instanceOf: PheromoneError, code: 'INVALID_ARGUMENT' });
        t.regex(error?.message ?? '', /: (put|get|delete) ".*": expected /);
      }
    }
    for (const prefix of ['a\0', 'a\\b', '\ud800', tooLong]) await t.throwsAsync(keysOf(store, prefix), { code: 'INVALID_ARGUMENT' });
    t.deepEqual(await keysOf(store, ''), []);
  });

  test(`${name}: a value beyond the limit is refused before anything is stored`, async (t) => {
    const store = await open(t);
    const value = new Uint8Array(LIMITS.objectBytes + 1); // never touched, so never in memory
    await t.throwsAsync(store.put('value', value), { instanceOf: PheromoneError, code: 'OBJECT_TOO_LARGE' });
    t.is(await store.get('value'), undefined);
  });

  test(`${name}: close waits for what is under way, and refuses what comes after it`, async (t) => {
    const store = await open(t);
    const last = store.put('value', bytesOf(100_000));
    await store.close();
    await t.notThrowsAsync(last);
    for (const call of [store.put('value', bytesOf(1)), store.get('value'), store.delete('value'), keysOf(store, '')]) {
      const error = await t.throwsAsync(call, { instanceOf: PheromoneError, code: 'INVALID_ARGUMENT' });
      t.regex(error?.message ?? '', /expected a store that is open/);
    }
    await t.notThrowsAsync(store.close());
  });
}
