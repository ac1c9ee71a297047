import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Client } from '../client/client.ts';
import { openDiskStore } from '../store/durable/disk-store.ts';
import { appOf, endsEmpty, fn, nodeOf, outcomeOf, statusOnce, textOf } from './testing/node.ts';
import { PIECE_BYTES } from './testing/spill-bodies.ts';

const ARENA_BYTES = 2 ** 24;
/** Together three times the arena. */
const PIECES = Math.ceil((3 * ARENA_BYTES) / PIECE_BYTES);
const KEYS = Array.from({ length: PIECES }, (_, number) => `${number}`);
const NUMBERS = KEYS.join();
const COUNT = Buffer.from(`${PIECES}`);

const body = (name: string) => fn('spill-bodies', name);
const SET = { name: 'pieces', primitive: 'by-set', keys: KEYS } as const;
const MAKERS = [body('scatters'), body('makesPiece')];
const SETS = appOf('sets', [...MAKERS, body('gathers')], [{ ...SET, target: 'gathers' }]);
/** One key more than there will be pieces. */
const NEVER = { ...SET, keys: [...KEYS, 'never'] } as const;

/** A folder for a durable store, and the keys that are in it. */
async function storeFolder(t: ExecutionContext): Promise<{ path: string; keys(): Promise<string[]> }> {
  const path = await mkdtemp(join(tmpdir(), 'pheromone-test-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return {
    path,
    async keys() {
      const store = await openDiskStore(path);
      const keys: string[] = [];
      for await (const key of store.list('')) keys.push(key);
      await store.close();
      return keys;
    },
  };
}

/** Waits until the store holds as many keys as are wanted. */
async function keysOnce(keys: () => Promise<string[]>, holds: (count: number) => boolean): Promise<string[]> {
  let found = await keys();
  for (let poll = 0; poll < 500 && !holds(found.length); poll++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    found = await keys();
  }
  return found;
}

/** Feeds an event; again, where the node has no room for it yet. */
async function feedOnce(client: Client, app: string, name: string, event: Uint8Array): Promise<void> {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    if ((await outcomeOf(client.feed(app, name, event))) !== 'OVERLOADED') return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test.serial('a BySet over objects that together are three times object memory fires with what was sent', async (t) => {
  const { client } = await nodeOf(t, { arenaBytes: ARENA_BYTES });
  await client.register(SETS);
  t.is(await textOf(client.call('sets', 'scatters', COUNT)), NUMBERS);
  await endsEmpty(t, client);
});

test.serial('functions in processes of their own are given spilled objects, too', async (t) => {
  const { client } = await nodeOf(t, { arenaBytes: ARENA_BYTES });
  await client.register({ ...SETS, isolation: 'processes' });
  t.is(await textOf(client.call('sets', 'scatters', COUNT)), NUMBERS);
  await endsEmpty(t, client);
});

test.serial('what was spilled is found by its key', async (t) => {
  const { client } = await nodeOf(t, { arenaBytes: ARENA_BYTES });
  await client.register(appOf('finds', [...MAKERS, body('findsByKey')], [{ ...SET, target: 'findsByKey' }]));
  t.is(await textOf(client.call('finds', 'scatters', COUNT)), NUMBERS);
  await endsEmpty(t, client);
});

test.serial('batches over sessions whose objects together are three times object memory come out right', async (t) => {
  const { client } = await nodeOf(t, { arenaBytes: ARENA_BYTES });
  const batches = [{ name: 'pieces', primitive: 'by-batch-size', size: PIECES, scope: 'app', target: 'gathers' }] as const;
  await client.register(appOf('batches', [body('makesPiece'), body('gathers')], batches));
  const outputs: string[] = [];
  const subscription = await client.subscribe('batches', {
    onOutput: ({ outputs: [first] }) => outputs.push(Buffer.from(first?.bytes ?? []).toString()),
  });
  for (const key of KEYS) await feedOnce(client, 'batches', 'makesPiece', Buffer.from(key));
  await statusOnce(client, () => outputs.length > 0);
  t.deepEqual(outputs[0]?.split(',').sort(), [...KEYS].sort());
  await subscription.close();
  await endsEmpty(t, client);
});

test.serial("an app at its bound spills its own objects, and a neighbour's calls are answered meanwhile", async (t) => {
  const { client, connect } = await nodeOf(t, { arenaBytes: 8 * ARENA_BYTES });
  await client.register({ ...SETS, memoryBytes: ARENA_BYTES });
  await client.register(appOf('quiet', [fn('fault-bodies', 'echo')]));
  const gathered = textOf(client.call('sets', 'scatters', COUNT));
  const neighbour = await connect();
  for (let call = 0; call < 20; call++) t.is(await textOf(neighbour.call('quiet', 'echo', Buffer.from('quiet'))), 'quiet');
  t.is(await gathered, NUMBERS);
  await endsEmpty(t, client);
});

test.serial('a session that is cancelled, and one that fails, leave nothing of what they had spilled in the store', async (t) => {
  const { path, keys } = await storeFolder(t);
  const { client } = await nodeOf(t, { arenaBytes: ARENA_BYTES }, { store: { kind: 'disk', path } });
  await client.register(appOf('waits', [...MAKERS, body('scattersAndWaits'), body('gathers')], [{ ...NEVER, target: 'gathers' }]));
  await client.register(appOf('fails', [...MAKERS, body('failsOnPieces')], [{ ...SET, target: 'failsOnPieces' }]));
  const controller = new AbortController();
  const waiting = client.call('waits', 'scattersAndWaits', COUNT, { signal: controller.signal });
  t.true((await keysOnce(keys, (count) => count > 0)).every((key) => key.startsWith('spill/')));
  controller.abort();
  t.is(await outcomeOf(waiting), 'CANCELLED');
  t.is(await outcomeOf(client.call('fails', 'scatters', COUNT)), 'FUNCTION_FAILED');
  await endsEmpty(t, client);
  t.deepEqual(await keysOnce(keys, (count) => count === 0), []);
});

test.serial('where nothing can be spilled, the caller is told why, and the node goes on', async (t) => {
  const folder = process.env.TMPDIR;
  process.env.TMPDIR = join(tmpdir(), 'nowhere', 'at-all');
  const { client } = await nodeOf(t, { arenaBytes: ARENA_BYTES }).finally(() => {
    if (folder === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = folder;
  });
  await client.register(SETS);
  const error = await t.throwsAsync(client.call('sets', 'scatters', COUNT), { code: 'OUT_OF_MEMORY' });
  t.regex(error?.message ?? '', /spilling objects to the durable store failed: .*folder/);
  await endsEmpty(t, client);
  t.is(await outcomeOf(client.call('sets', 'scatters', Buffer.from('1'))), 'NO_OUTPUT');
});
