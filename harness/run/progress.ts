/** What a run tells of itself while it goes on. */
export interface Progress {
  /** Something that the user should know, on a line of its own. */
  note(text: string): void;
  /** How far the run has come. Called between trials, never during one. */
  update(status: Status): void;
  /** Nothing more will come. */
  end(): void;
}

export interface Status {
  /** Such as `round 3 of 60`. */
  readonly phase: string;
  /** From 0 to 1. */
  readonly done: number;
  /** An estimate; `undefined` while nothing is known. */
  readonly leftMs: number | undefined;
}

/** How long the rest takes if it goes on as so far. Pure. */
export function estimateLeftMs(done: number, elapsedMs: number, budgetLeftMs: number): number | undefined {
  return done === 0 ? undefined : Math.max(0, Math.min((elapsedMs / done) * (1 - done), budgetLeftMs));
}
