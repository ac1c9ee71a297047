/** One run as its caller sees it: what has come back of it, and whether that is all. */
import { DriverError, HOST_CLOCK, type Invoked, type Output } from '../../workloads/api/driver.ts';
import type { Workflow } from '../../workloads/api/workflow.ts';
import { addCredit, type Credit, isWhole, SESSION } from './credit.ts';
import { type Lineage, type Message, parcelsIn, parseSpans } from './message.ts';

export class Run {
  /** Settles once; rejects with a {@link DriverError}. */
  readonly result: Promise<Invoked>;
  readonly #kind: Workflow['result'];
  readonly #outputs: Output[] = [];
  #spans = '';
  /** Parcels of spans that were sent on their own: announced, and come. */
  #announced = 0;
  #come = 0;
  #credit: Credit | undefined;
  #hasKept = false;
  #resolve!: (invoked: Invoked) => void;
  #reject!: (error: DriverError) => void;

  constructor(kind: Workflow['result']) {
    this.#kind = kind;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.result.catch(() => {});
  }

  /** Whether nothing of the run is left in any process. */
  get isGone(): boolean {
    return this.#isOver && !this.#hasKept;
  }

  get #isOver(): boolean {
    return this.#credit !== undefined && isWhole(this.#credit);
  }

  value({ lineage, value }: Message, bytes: Uint8Array): void {
    if (this.#kind === 'all' || this.#outputs.length === 0) this.#outputs.push({ ...value, bytes });
    this.#take(lineage);
  }

  /** A part of the run came to nothing; `isKept`: it left values in a join. */
  nothing({ lineage }: Message, isKept: boolean): void {
    this.#hasKept ||= isKept;
    this.#take(lineage);
  }

  /** A parcel of spans that was sent on its own. */
  spans(text: string): void {
    this.#spans += text;
    this.#come++;
    this.#check();
  }

  fail(error: DriverError): void {
    this.#reject(error);
  }

  #take({ credits, spans, aside }: Lineage): void {
    const credit = credits.get(SESSION);
    if (credit !== undefined) this.#credit = this.#credit === undefined ? credit : addCredit(this.#credit, credit);
    this.#spans += spans;
    this.#announced += parcelsIn(aside).length;
    this.#check();
  }

  #check(): void {
    const isAnswered = this.#kind === 'first' && this.#outputs.length > 0;
    if (this.#isOver && this.#kind === 'first' && !isAnswered) {
      this.#reject(
        new DriverError('FUNCTION_FAILED', 'expected a value from a function that nothing depends on, got none before the run ended'),
      );
    }
    if (!(isAnswered || this.#isOver) || this.#come < this.#announced) return;
    this.#resolve({ outputs: this.#outputs, trace: { clock: HOST_CLOCK, spans: parseSpans(this.#spans) } });
  }
}
