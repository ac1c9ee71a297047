import test from 'ava';
import { Executor } from './executor.ts';

test('Invocations run one after the other, or as many at once as their functions allow', async (t) => {
  const executor = new Executor();
  let running = 0;
  const seen: number[] = [];
  const task = async (): Promise<void> => {
    seen.push(++running);
    await new Promise(setImmediate);
    running--;
  };
  await Promise.all([executor.run(1, task), executor.run(1, task), executor.run(2, task), executor.run(2, task)]);
  t.deepEqual(seen, [1, 1, 1, 2]);
});

test('A task that rejects gives its place to the next', async (t) => {
  const executor = new Executor();
  const failing = executor.run(1, () => Promise.reject(new Error('no luck')));
  const next = executor.run(1, () => Promise.resolve('next'));
  await t.throwsAsync(failing, { message: 'no luck' });
  t.is(await next, 'next');
});
