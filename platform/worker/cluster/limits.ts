/** Every bound of a worker's part in a cluster. Times in milliseconds, sizes in bytes. */
export const CLUSTER_LIMITS = {
  /** Inputs that lie elsewhere have their function go to them, where a node of theirs has room, from this size on. */
  moveBytes: 1_048_576,
  /** How long an invocation that cannot run on this node waits for one that can. */
  placeMs: 10_000,
  /** How many invocations that cannot run on this node follow the one that was placed, within its lease: they have to leave anyhow. */
  boundToLeave: 256,
  /** How long until a coordinator is asked again for a node that it did not have. */
  placeAgainMs: 50,
  /** The same, where invocations wait for executors of their own node: at first, and at most. */
  overflowAgainMs: 5,
  overflowAgainMaxMs: 100,
  /** How long a coordinator may take to place something. */
  askMs: 2_000,
  /** How often, at most, coordinators are told how busy the node is. */
  loadMs: 5,
} as const;
