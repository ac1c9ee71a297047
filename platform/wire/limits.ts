/** Every bound of the wire. Times in milliseconds, sizes in bytes. */
export const WIRE_LIMITS = {
  /** A frame without its first four bytes: the largest object and its message. */
  frameBytes: 1_074_790_400,
  /** A message without its payload; answers with many outputs or a long trace are what needs it. */
  headBytes: 67_108_864,
  /** Numbers, texts, lists and the like in one head, all together: each takes up to eight bytes of memory for one of the head's. */
  headValues: 4_194_304,
  /** An app's definition as it is sent; in memory it may take ten times that. */
  definitionBytes: 16_777_216,
  /** A client's message without its payload: such a definition, and a little more. */
  clientHeadBytes: 16_781_312,
  /** A frame before the greeting is over: nobody knows yet who sends it. */
  greetingBytes: 4_096,
  /** Why somebody is refused, in UTF-16 code units: it has to fit into such a frame. */
  refusalLength: 1_024,
  /** Memory taken for what is announced before any of it has come. */
  firstGatheredBytes: 262_144,
  /** By how much that memory grows when it is full: what has come bounds what is taken. */
  gatheredGrowth: 32,
  /** Payloads up to this size are copied into the batch that leaves with the next write; a batch holds two of them. */
  copyBytes: 65_536,
  /** How long a first contact may take, all of it: whoever sends byte by byte gains no time. */
  connectMs: 10_000,
  /** Connections to one listener; further ones are closed at once. */
  connectionsPerListener: 10_000,
  /** Those that have not been greeted yet. The oldest one has to go for the next: who means it needs milliseconds. */
  greetingsPerListener: 1_000,
  /** A cluster's secret, at least: what is shorter can be guessed from a proof that was overheard. */
  secretBytes: 16,
  nonceBytes: 32,
  /** Wrong proofs of the secret from one address within `wrongProofsMs`; then it is refused until that time is over. */
  wrongProofs: 10,
  wrongProofsMs: 60_000,
  /** Addresses whose wrong proofs are counted. */
  wrongProofAddresses: 10_000,
  /** What may wait for a client to read it: beyond that its messages wait, and a subscriber's connection ends. */
  unreadBytes: 268_435_456,
  /** What is received without sending anything, before the sender is told that somebody is there. */
  silentBytes: 4_194_304,
  /** Bounds of the pause before the manager is tried again; it doubles from the first to the second. */
  rejoinMinMs: 20,
  rejoinMaxMs: 1_000,
  /** How long a request that nobody has begun looks for the owner of its app, while members come and go. */
  rerouteMs: 5_000,
  /** Names and addresses of hosts. */
  hostLength: 255,
  /** A view of as many members as there may be, with all the labels they may have. More does not wait to be sent: the connection ends. */
  viewBytes: 33_554_432,
  /** How long a peer may take to close its side after this one. */
  closeMs: 1_000,
  /** How long a node may take to answer anything but a call. */
  requestMs: 60_000,
  /** How long a node may say nothing at all while a client awaits something from it. */
  silenceMs: 30_000,
  /** How much later than when an answer is due the client gives up on a node that says nothing. */
  deadlineGraceMs: 250,
} as const;
