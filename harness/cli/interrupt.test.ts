import test from 'ava';
import { onInterrupt } from './interrupt.ts';

test('the first Ctrl-C stops in order, the next one at once, and one that arrives twice counts once', (t) => {
  const calls: string[] = [];
  let nowMs = 0;
  const stop = onInterrupt(
    () => calls.push('first'),
    () => calls.push('second'),
    () => nowMs,
  );
  process.emit('SIGINT');
  nowMs = 5;
  process.emit('SIGINT');
  t.deepEqual(calls, ['first']);
  nowMs = 1_000;
  process.emit('SIGTERM');
  t.deepEqual(calls, ['first', 'second']);
  stop();
  t.is(process.listenerCount('SIGTERM') + process.listenerCount('SIGINT'), 0);
});
