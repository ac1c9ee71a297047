/** What a node counts. */

/** What is counted, and what it means. A total counts from the node's start on, the others are as of now. */
export const COUNTERS = {
  waiting: 'Invocations that wait for an executor',
  underWay: 'Invocations of its sessions that wait or run, on other nodes as well',
  queuedTotal: 'Invocations that were put before its executors',
  rerunsTotal: 'Of these, the ones that had begun before',
  sessionsTotal: 'Sessions that it opened, those included that have another home',
  failedTotal: 'Sessions that failed',
  executorsLostTotal: 'Executor threads that have ended',
  forwardedTotal: 'Invocations that it sent to other nodes',
  fetchedBytesTotal: 'Bytes of objects that it got from other nodes on request',
} as const;

export type CounterName = keyof typeof COUNTERS;
export type Counters = Readonly<Record<CounterName, number>>;

/** In the order in which they travel. */
export const COUNTER_NAMES = Object.keys(COUNTERS) as readonly CounterName[];

export function countersOf(read: (name: CounterName) => number): Counters {
  return Object.fromEntries(COUNTER_NAMES.map((name) => [name, read(name)])) as Counters;
}
