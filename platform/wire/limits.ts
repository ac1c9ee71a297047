/** Every bound of the wire. Times in milliseconds, sizes in bytes. */
export const WIRE_LIMITS = {
  /** A frame without its first four bytes: the largest object and its message. */
  frameBytes: 1_074_790_400,
  /** A message without its payload; large app definitions are what needs it. */
  headBytes: 67_108_864,
  /** Payloads up to this size are copied into the batch that leaves with the next write; a batch holds two of them. */
  copyBytes: 65_536,
  /** How long a peer may take to answer a first contact. */
  connectMs: 10_000,
  /** Bounds of the pause before the manager is tried again; it doubles from the first to the second. */
  rejoinMinMs: 20,
  rejoinMaxMs: 1_000,
  /** Names and addresses of hosts. */
  hostLength: 255,
  /** What may wait to be sent to one who follows the views; beyond it the connection ends. */
  viewBytes: 16_777_216,
  /** How long a peer may take to close its side after this one. */
  closeMs: 1_000,
  /** How long a node may take to answer anything but a call. */
  requestMs: 60_000,
  /** How much later than when an answer is due the client gives up on a node that says nothing. */
  deadlineGraceMs: 250,
} as const;
