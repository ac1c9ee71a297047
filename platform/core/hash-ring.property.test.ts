import test from 'ava';
import fc from 'fast-check';
import { coordinatorRing, HashRing } from './hash-ring.ts';

const KEYS = Array.from({ length: 4_000 }, (_, index) => `app-${index}`);
const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 });

test('a name that comes takes about its share of the keys, and no key moves between the others', (t) => {
  fc.assert(
    fc.property(names, (all) => {
      const [added = '', ...others] = all;
      const before = new HashRing(others);
      const after = new HashRing(all);
      const moved = KEYS.filter((key) => after.ownerOf(key) !== before.ownerOf(key));
      t.true(moved.every((key) => after.ownerOf(key) === added));
      const share = KEYS.length / all.length;
      t.true(moved.length > 0.5 * share && moved.length < 1.7 * share + 1, `${moved.length} of ${share}`);
    }),
    { numRuns: 60, seed: 1 },
  );
});

test('who owns a key depends on the names alone, not on their order', (t) => {
  fc.assert(
    fc.property(names, fc.string(), (all, key) => {
      const owner = new HashRing(all).ownerOf(key);
      t.true(all.includes(owner as string));
      t.is(new HashRing(all.toReversed()).ownerOf(key), owner);
      t.is(new HashRing([...all, ...all]).ownerOf(key), owner);
    }),
    { numRuns: 200 },
  );
});

test('a ring of nobody owns nothing', (t) => {
  t.is(new HashRing([]).ownerOf('a'), undefined);
});

test('apps are owned by coordinators, and by those that drain only where there are no others', (t) => {
  const address = { host: '127.0.0.1', port: 1, pid: 1, labels: [], executors: 0, incarnation: 1 };
  const member = (name: string, role: 'worker' | 'coordinator', draining: boolean) => ({ ...address, name, role, draining });
  const owners = (...members: ReturnType<typeof member>[]): (string | undefined)[] => {
    const ring = coordinatorRing({ version: 1, members });
    return [...new Set(KEYS.map((key) => ring.ownerOf(key)))].sort();
  };
  t.deepEqual(owners(member('w', 'worker', false), member('c', 'coordinator', false), member('d', 'coordinator', true)), ['c']);
  t.deepEqual(owners(member('c', 'coordinator', true), member('d', 'coordinator', true)), ['c', 'd']);
  t.deepEqual(owners(member('w', 'worker', false)), [undefined]);
});
