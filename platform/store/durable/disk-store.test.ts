import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { openDiskStore } from './disk-store.ts';
import type { DurableStore } from './durable-store.ts';
import { STORE_LIMITS } from './limits.ts';
import { keysOf, testDurableStore } from './testing/conformance.ts';
import { temporaryFolder } from './testing/folder.ts';
import { bytesOf } from './testing/values.ts';

testDurableStore('disk', async (t) => (await open(t)).store);

async function open(t: ExecutionContext): Promise<{ path: string; store: DurableStore }> {
  const path = `${await temporaryFolder(t)}/not there yet`;
  const store = await openDiskStore(path);
  t.teardown(() => store.close());
  return { path, store };
}

/** A process that puts values into the same store; ended with the test. */
function startWriter(t: ExecutionContext, task: { path: string; name: string; bytes: number; count: number }): ChildProcess {
  const child = fork(fileURLToPath(import.meta.resolve('./testing/writer-entry.ts')), [JSON.stringify(task)], { stdio: 'inherit' });
  const ended = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return child;
}

async function whole(store: DurableStore, name: string, bytes: number, numbers: number): Promise<boolean> {
  for (let number = 0; number < numbers; number++) {
    const value = await store.get(`${name}/${number}`);
    if (value === undefined || Buffer.compare(value, bytesOf(bytes, number)) !== 0) return false;
  }
  return true;
}

test('disk: several processes have one store open, and each sees at once what another has put', async (t) => {
  const { path, store } = await open(t);
  const writers = ['a', 'b'].map((name) => ({ name, child: startWriter(t, { path, name, bytes: 50_000, count: 100 }) }));
  const seen: Promise<boolean>[] = [];
  for (const { name, child } of writers) {
    child.on('message', (number) => {
      seen.push(
        store.get(`${name}/${number}`).then((value) => value !== undefined),
        store.put(`own/${name}/${number}`, bytesOf(10)).then(() => true),
      );
    });
  }
  const codes = await Promise.all(writers.map(({ child }) => once(child, 'exit').then(([code]) => code)));
  t.deepEqual(codes, [0, 0]);
  const all = await Promise.all(seen);
  t.is(all.length, 400);
  t.true(all.every(Boolean));
  t.true(await whole(store, 'a', 50_000, 100));
  t.true(await whole(store, 'b', 50_000, 100));
  t.is((await keysOf(store, '')).length, 400);
});

test('disk: what was put outlives a process that is killed at that moment, and others write on', async (t) => {
  const { path, store } = await open(t);
  for (const [round, killedAt] of [0, 1, 7, 30].entries()) {
    const name = `round-${round}`;
    const writer = startWriter(t, { path, name, bytes: 3_000_000, count: 1_000 });
    let acknowledged = 0;
    writer.on('message', (number) => {
      acknowledged = (number as number) + 1;
      if (number === killedAt) writer.kill('SIGKILL');
    });
    const [code, signal] = await once(writer, 'exit');
    t.deepEqual([code, signal], [null, 'SIGKILL']);
    t.true(acknowledged > killedAt);
    t.true(await whole(store, name, 3_000_000, (await keysOf(store, `${name}/`)).length));
    await store.put(`after/${round}`, bytesOf(10));
    const again = await openDiskStore(path);
    t.true(await whole(again, name, 3_000_000, acknowledged));
    await again.close();
  }
  t.is((await keysOf(store, 'after/')).length, 4);
});

test('disk: a value in pieces gives way to longer and shorter ones, and leaves nothing behind', async (t) => {
  const { path, store } = await open(t);
  const piece = STORE_LIMITS.pieceBytes;
  for (const size of [piece, piece + 1, 5 * piece, 1, 5 * piece - 1, 2 * piece, 0, 3 * piece]) {
    await store.put('value', bytesOf(size, size));
    await store.put('valu', bytesOf(size, size + 1));
    t.is(Buffer.compare((await store.get('value')) as Uint8Array, bytesOf(size, size)), 0);
  }
  const { size: before } = await stat(`${path}/data.mdb`);
  for (let i = 0; i < 20; i++) {
    await store.put('other', bytesOf(5 * piece));
    await store.delete('other');
  }
  const { size: after } = await stat(`${path}/data.mdb`);
  t.true(after < before + 40 * piece, `${before} bytes became ${after}`); // all puts together had 100 pieces
});

test('disk: a get that began before a put or a delete gives the old value as a whole', async (t) => {
  const { path, store } = await open(t);
  const other = await openDiskStore(path);
  t.teardown(() => other.close());
  await store.put('value', bytesOf(20_000_000, 1));
  const olds = [store.get('value')];
  const put = store.put('value', bytesOf(10_000_000, 2));
  olds.push(store.get('value'), other.get('value'));
  await put;
  const news = [store.get('value'), other.get('value')];
  const deleted = other.delete('value');
  for (const value of await Promise.all(olds)) t.is(Buffer.compare(value as Uint8Array, bytesOf(20_000_000, 1)), 0);
  for (const value of await Promise.all(news)) t.is(Buffer.compare(value as Uint8Array, bytesOf(10_000_000, 2)), 0);
  await deleted;
  t.is(await store.get('value'), undefined);
});

test('disk: a put for which there is no room fails, and takes nothing along', async (t) => {
  const path = await temporaryFolder(t);
  const entry = fileURLToPath(import.meta.resolve('./testing/full-disk-entry.ts'));
  const limited = 'ulimit -f 16384; exec "$@"'; // 8 or 16 MB, as the shell counts
  const child = spawn('sh', ['-c', limited, 'sh', process.execPath, entry, path], { stdio: ['ignore', 'inherit', 'pipe'] });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  t.is(code, 0, said);
});

test('disk: a folder that cannot be one is refused with its path', async (t) => {
  const { path, store } = await open(t);
  await store.close();
  const error = await t.throwsAsync(openDiskStore(`${path}/data.mdb/below`), { code: 'STORE_FAILED' });
  t.true(error?.message.startsWith(`disk store ${path}/data.mdb/below: could not open it: `));
});

test('disk: a folder with a file of something else in the place of the store is refused', async (t) => {
  for (const content of ['short', 'some other file '.repeat(1_000), '\0'.repeat(16_384)]) {
    const path = await temporaryFolder(t);
    await writeFile(`${path}/data.mdb`, content);
    await t.throwsAsync(openDiskStore(path), {
      code: 'STORE_FAILED',
      message: /: could not open it: expected its data\.mdb to be one of LMDB$/,
    });
  }
});
