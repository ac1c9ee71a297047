import test from 'ava';
import fc from 'fast-check';
import { type Due, DueQueue } from './due-queue.ts';

test('the queue names the earliest time after any changes, as a plain search does', (t) => {
  const time = fc.oneof({ weight: 3, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(15), time), { maxLength: 200 }), (changes) => {
      const items = Array.from({ length: 16 }, (): Due => ({ queueIndex: -1 }));
      const queue = new DueQueue<Due>();
      const times = new Map<Due, number>();
      for (const [index, dueMs] of changes) {
        const item = items[index]!;
        queue.set(item, dueMs);
        if (dueMs === Number.POSITIVE_INFINITY) times.delete(item);
        else times.set(item, dueMs);
        t.is(queue.firstMs, times.size === 0 ? undefined : Math.min(...times.values()));
        t.is(queue.first && times.get(queue.first), queue.firstMs);
        t.is(queue.size, times.size);
      }
    }),
  );
});

test('the queue gives up its items in the order of their times', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { maxLength: 100 }), (times) => {
      const queue = new DueQueue<Due>();
      for (const dueMs of times) queue.set({ queueIndex: -1 }, dueMs);
      const order: number[] = [];
      for (let first = queue.first; first !== undefined; first = queue.first) {
        order.push(queue.firstMs!);
        queue.set(first, Number.POSITIVE_INFINITY);
      }
      t.deepEqual(
        order,
        times.toSorted((a, b) => a - b),
      );
    }),
  );
});
