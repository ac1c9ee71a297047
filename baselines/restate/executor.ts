/** The one executor of a process: one invocation at a time, or as many as all functions under way allow. */
export class Executor {
  readonly #waiting: { readonly concurrency: number; readonly begin: () => void }[] = [];
  /** What each function under way allows. */
  readonly #running: number[] = [];

  /** Runs `task` once its turn has come. */
  async run<T>(concurrency: number, task: () => Promise<T>): Promise<T> {
    await new Promise<void>((begin) => {
      this.#waiting.push({ concurrency, begin });
      this.#beginNext();
    });
    try {
      return await task();
    } finally {
      this.#running.splice(this.#running.indexOf(concurrency), 1);
      this.#beginNext();
    }
  }

  #beginNext(): void {
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      if (this.#running.length >= Math.min(next.concurrency, ...this.#running)) return;
      this.#waiting.shift();
      this.#running.push(next.concurrency);
      next.begin();
    }
  }
}
