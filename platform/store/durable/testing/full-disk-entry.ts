/** A process that may write no file as large as what it puts: it sees that such a put fails, and nothing else does. */
import assert from 'node:assert/strict';
import { openDiskStore } from '../disk-store.ts';
import { bytesOf } from './values.ts';

const store = await openDiskStore(process.argv[2] as string);
await store.put('small', bytesOf(10, 1));
for (let attempt = 0; attempt < 3; attempt++) await assert.rejects(store.put('large', bytesOf(40_000_000)), { code: 'STORE_FAILED' });
await store.put('next', bytesOf(10, 2));
assert.deepEqual(await store.get('small'), bytesOf(10, 1));
assert.deepEqual(await store.get('next'), bytesOf(10, 2));
assert.equal(await store.get('large'), undefined);
await store.close();
