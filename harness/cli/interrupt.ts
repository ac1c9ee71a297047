/** Ctrl-C: once to stop in order, twice to end at once. */

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** One Ctrl-C can arrive twice: from the terminal, and passed on by the launcher. */
const SAME_WITHIN_MS = 300;

/** Calls `first` at the first signal and `second` at later ones; returns how to stop listening. */
export function onInterrupt(first: () => void, second: () => void, clockMs = (): number => performance.now()): () => void {
  let firstMs: number | undefined;
  const listener = (): void => {
    const nowMs = clockMs();
    if (firstMs === undefined) {
      firstMs = nowMs;
      first();
    } else if (nowMs - firstMs > SAME_WITHIN_MS) second();
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}
