/** What commands say, and how they are stopped. */

/** For what was asked for. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** For everything else. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** One Ctrl-C can arrive twice: from the terminal, and passed on by the launcher. */
const SAME_WITHIN_MS = 300;

/** Resolves when this process is to end: SIGINT, SIGTERM, or the end of the launcher. `again` is called each time after the first. */
export function interrupted(again: () => void): Promise<void> {
  return new Promise((resolve) => {
    let firstMs: number | undefined;
    const stop = (): void => {
      const nowMs = performance.now();
      if (firstMs === undefined) {
        firstMs = nowMs;
        resolve();
      } else if (nowMs - firstMs > SAME_WITHIN_MS) again();
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
    // Nobody could stop this process any more from where it was started.
    process.once('disconnect', stop);
  });
}
