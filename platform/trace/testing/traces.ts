import type { Span, Trace } from '../../wire/messages.ts';

function span(fn: string, node: string, executor: number, after: string, timesUs: readonly [number, number, number, number]): Span {
  const [readyNs, queuedNs, startedNs, endedNs] = timesUs.map((us) => 7e15 + us * 1_000) as [number, number, number, number];
  return { fn, node, executor, attempt: 1, after, readyNs, queuedNs, startedNs, endedNs };
}

/** `split` starts `work` on both nodes, twice at once on the second, and `join` takes what these send. */
export const ACROSS: Trace = {
  spans: [
    span('split', 'a', 1, '', [0, 5, 10, 40]),
    span('work', 'a', 2, 'split', [20, 20, 30, 90]),
    span('work', 'b', 1, 'split', [25, 80, 85, 200]),
    span('work', 'b', 1, 'split', [30, 80, 90, 180]),
    span('join', 'a', 1, 'work', [190, 195, 210, 220]),
  ],
  transfers: [{ from: 'a', to: 'b', bytes: 1_000_000, startedNs: 7e15 + 35_000, endedNs: 7e15 + 79_000 }],
};
