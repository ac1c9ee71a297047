/** One thing that is as cheap as it gets. */
export interface Floor {
  /** Such as `tcp-round-trip`; stands in the records. */
  readonly name: string;
  /** Does the thing a few times, for a few milliseconds at most, and resolves to nanoseconds for one of them. */
  sample(): Promise<number>;
}
