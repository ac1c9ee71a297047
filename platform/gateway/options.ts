/** How a gateway is set up. Every default of it stands here, every bound in limits.ts. */
import { isLoopback } from '../wire/security.ts';
import { GATEWAY_LIMITS, type GatewayLimits } from './limits.ts';

export interface GatewayOptions {
  /** Where the gateway listens. Anything but a loopback address demands a token. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** A worker node or a coordinator. */
  readonly upstreamHost: string;
  readonly upstreamPort: number;
  /** Whoever asks for more than `/healthz` and `/readyz` must send it as `authorization: Bearer TOKEN`. At least `TOKEN_LENGTH` characters. */
  readonly token: string | undefined;
  /** Certificate and private key as PEM, for HTTPS; both or none. */
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  /** Whether every request is logged, at level `info`: method, path, status, duration; never bodies or tokens. */
  readonly logRequests: boolean;
  readonly limits: Partial<GatewayLimits>;
}

export const GATEWAY_DEFAULTS: GatewayOptions = {
  host: '127.0.0.1',
  port: 8080,
  upstreamHost: '127.0.0.1',
  upstreamPort: 7070,
  token: undefined,
  tlsCert: undefined,
  tlsKey: undefined,
  logRequests: false,
  limits: {},
};

/** Shorter ones could be guessed. */
const TOKEN_LENGTH = 16;

/** Options that hold together, every limit among them. */
export type CheckedOptions = Omit<GatewayOptions, 'limits'> & { readonly limits: GatewayLimits };

/** Fills in defaults. Throws a RangeError that names the option, what was expected and what came. */
export function gatewayOptions(given: Partial<GatewayOptions>): CheckedOptions {
  const options = { ...GATEWAY_DEFAULTS, ...given, limits: { ...GATEWAY_LIMITS, ...given.limits } };
  for (const name of ['port', 'upstreamPort'] as const) expectWithin(name, options[name], 0, 65_535);
  for (const [name, value] of Object.entries(options.limits)) {
    if (!(name in GATEWAY_LIMITS)) throw new RangeError(`limits: expected one of ${Object.keys(GATEWAY_LIMITS).join(', ')}, got ${name}`);
    expectWithin(`limits.${name}`, value, 1, 2 ** 31 - 1);
  }
  if ((options.tlsCert === undefined) !== (options.tlsKey === undefined)) {
    throw new RangeError(
      `tlsCert and tlsKey: expected both or none, got ${options.tlsCert === undefined ? 'a key' : 'a certificate'} alone`,
    );
  }
  if (options.token !== undefined && !new RegExp(`^[\\x21-\\x7e]{${TOKEN_LENGTH},}$`).test(options.token)) {
    throw new RangeError(`token: expected at least ${TOKEN_LENGTH} visible ASCII characters, got ${options.token.length} characters`);
  }
  if (options.token === undefined && !isLoopback(options.host)) {
    throw new RangeError(`host: expected a loopback address where there is no token, got ${options.host}`);
  }
  return options;
}

function expectWithin(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name}: expected a whole number from ${min} to ${max}, got ${value}`);
  }
}
