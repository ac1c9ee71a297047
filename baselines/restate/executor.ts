/** The one executor of a process: one invocation at a time, or as many as the functions under way allow. */
export class Executor {
  readonly #waiting: { readonly concurrency: number; readonly begin: () => void }[] = [];
  #running = 0;

  /** Runs `task` once its turn has come. */
  async run<T>(concurrency: number, task: () => Promise<T>): Promise<T> {
    await new Promise<void>((begin) => {
      this.#waiting.push({ concurrency, begin });
      this.#next();
    });
    try {
      return await task();
    } finally {
      this.#running--;
      this.#next();
    }
  }

  #next(): void {
    for (let [next] = this.#waiting; next !== undefined && this.#running < next.concurrency; [next] = this.#waiting) {
      this.#waiting.shift();
      this.#running++;
      next.begin();
    }
  }
}
