/** Every bound of the gateway. Times in milliseconds, sizes in bytes. */

/** The longest deadline that a caller may ask for: a day. */
export const DEADLINE_MAX_MS = 86_400_000;

/** What each gateway can be told otherwise. */
export interface GatewayLimits {
  /** The input of a call, or an event. */
  readonly bodyBytes: number;
  /** An app's definition. */
  readonly definitionBytes: number;
  /** All bodies that are being received or belong to requests under way, together. */
  readonly bodiesBytes: number;
  /** Request line and headers. */
  readonly headerBytes: number;
  /** How long a client may take to send its headers, from the connection or the request before on, and for a TLS handshake. */
  readonly headersMs: number;
  /** How long a client may take to send a whole request. */
  readonly requestMs: number;
  /** How often the two above are looked after. */
  readonly checkMs: number;
  /** How long a connection may be idle between two requests. */
  readonly keepAliveMs: number;
  /** How long a client may take nothing of what is waiting for it, or send nothing of what it has begun to send. */
  readonly stallMs: number;
  /** Further connections are closed at once. */
  readonly connections: number;
  /** Requests without an answer yet; further ones are refused with `OVERLOADED`. */
  readonly requests: number;
  /** Streams of events, which are requests too. */
  readonly streams: number;
  /** What may wait for a slow reader of events before its stream is ended. */
  readonly streamBytes: number;
  /** How often a quiet stream says that it lives. */
  readonly heartbeatMs: number;
  /** Outputs that are answered as JSON. */
  readonly jsonBytes: number;
  /** Asynchronous runs that are kept, under way or over. Those over give way; if none is, new ones are refused with `OVERLOADED`. */
  readonly runs: number;
  /** Outputs of runs that are over; the oldest runs give way. */
  readonly runsBytes: number;
  /** How long a run is kept that is over. */
  readonly runMs: number;
  /** Of an error's message, in UTF-16 code units. */
  readonly detailLength: number;
  /** How long the platform may take to say that it is ready. */
  readonly readyMs: number;
  /** How long to wait before connecting to the platform anew, at first and after many failures. */
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  /** How long requests under way may take when the gateway stops. */
  readonly drainMs: number;
}

export const GATEWAY_LIMITS: GatewayLimits = {
  bodyBytes: 67_108_864,
  definitionBytes: 16_777_216,
  bodiesBytes: 1_073_741_824,
  headerBytes: 16_384,
  headersMs: 10_000,
  requestMs: 60_000,
  checkMs: 1_000,
  keepAliveMs: 60_000,
  stallMs: 30_000,
  connections: 4_096,
  requests: 8_192,
  streams: 1_024,
  streamBytes: 1_048_576,
  heartbeatMs: 15_000,
  jsonBytes: 67_108_864,
  runs: 10_000,
  runsBytes: 268_435_456,
  runMs: 600_000,
  detailLength: 4_096,
  readyMs: 2_000,
  reconnectMinMs: 50,
  reconnectMaxMs: 2_000,
  drainMs: 5_000,
};
