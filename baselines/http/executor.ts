/** The one executor of a process: one invocation at a time, or as many as the functions under way allow. */
export class Executor {
  readonly #queue: { readonly concurrency: number; readonly run: () => Promise<void> }[] = [];
  #next = 0;
  #running = 0;

  /** Runs `run`, which must not reject, once its turn has come. */
  submit(concurrency: number, run: () => Promise<void>): void {
    this.#queue.push({ concurrency, run });
    this.#start();
  }

  #start(): void {
    for (let task = this.#queue[this.#next]; task !== undefined && this.#running < task.concurrency; task = this.#queue[this.#next]) {
      this.#next++;
      this.#running++;
      void task.run().finally(() => {
        this.#running--;
        this.#start();
      });
    }
    if (this.#next === this.#queue.length) {
      this.#queue.length = 0;
      this.#next = 0;
    }
  }
}
