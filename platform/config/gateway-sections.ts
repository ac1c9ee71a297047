/** What can be configured of the HTTP gateway. */
import { GATEWAY_LIMITS, type GatewayLimits } from '../gateway/limits.ts';
import { GATEWAY_DEFAULTS, type GatewayOptions, gatewayOptions } from '../gateway/options.ts';
import { defaulted, optional, PATH, type Section, type Setting, SWITCH, TEXT, WHOLE_NUMBER } from './setting.ts';

export interface GatewaySettings extends Pick<GatewayOptions, 'host' | 'port' | 'logRequests'> {
  readonly tokenFile: string | undefined;
  readonly token: string | undefined;
  readonly httpsCert: string | undefined;
  readonly httpsKey: string | undefined;
}

export const GATEWAY: Section<GatewaySettings> = {
  name: 'gateway',
  title: 'HTTP gateway',
  // What depends on the contents of files is checked by the gateway itself.
  check: ({ host: _host, token: _token, tokenFile: _file, httpsCert: _cert, httpsKey: _key, ...given }) => gatewayOptions(given),
  settings: {
    host: defaulted(TEXT, GATEWAY_DEFAULTS.host, 'where the gateway listens; beyond this machine it demands a token'),
    port: defaulted(WHOLE_NUMBER, GATEWAY_DEFAULTS.port, '0: any that is free'),
    tokenFile: optional(PATH, 'a file that holds the bearer token that requests must bring'),
    token: { ...optional(TEXT, 'the token itself'), secret: true },
    httpsCert: optional(PATH, 'certificate (PEM), for HTTPS'),
    httpsKey: optional(PATH, 'its private key (PEM)'),
    logRequests: defaulted(SWITCH, GATEWAY_DEFAULTS.logRequests, 'log method, path, status and duration of each request'),
  },
};

export const GATEWAY_BOUNDS: Section<GatewayLimits> = {
  name: 'gateway-limits',
  title: 'Limits of the HTTP gateway',
  prefixed: true,
  check(given) {
    try {
      gatewayOptions({ limits: given });
    } catch (error) {
      throw new RangeError((error as Error).message.replace(/^limits\./, ''));
    }
  },
  settings: {
    bodyBytes: limit('bodyBytes', 'the input of a call, or an event'),
    definitionBytes: limit('definitionBytes', 'the definition of an app'),
    bodiesBytes: limit('bodiesBytes', 'all bodies that are being received or belong to requests under way, together'),
    headerBytes: limit('headerBytes', 'request line and headers'),
    headersMs: limit('headersMs', 'how long a client may take to send its headers'),
    requestMs: limit('requestMs', 'how long a client may take to send a whole request'),
    checkMs: limit('checkMs', 'how often the two above are looked after'),
    keepAliveMs: limit('keepAliveMs', 'how long a connection may be idle between two requests'),
    stallMs: limit('stallMs', 'how long a client may take nothing of what waits for it, or send nothing of what it has begun to send'),
    connections: limit('connections', 'further ones are closed at once'),
    requests: limit('requests', 'without an answer yet; further ones are refused with `OVERLOADED`'),
    streams: limit('streams', 'of events; they are requests too'),
    streamBytes: limit('streamBytes', 'what may wait for a slow reader of events before its stream is ended'),
    heartbeatMs: limit('heartbeatMs', 'how often a quiet stream says that it lives'),
    jsonBytes: limit('jsonBytes', 'outputs that are answered as JSON'),
    runs: limit('runs', 'asynchronous ones that are kept; those over give way to new ones'),
    runsBytes: limit('runsBytes', 'outputs of runs that are over; the oldest runs give way'),
    runMs: limit('runMs', 'how long a run is kept that is over'),
    detailLength: limit('detailLength', 'characters of the message of an error'),
    readyMs: limit('readyMs', 'how long the platform may take to say that it is ready'),
    reconnectMinMs: limit('reconnectMinMs', 'pause before connecting to the platform anew, at first'),
    reconnectMaxMs: limit('reconnectMaxMs', 'and after many failures'),
    drainMs: limit('drainMs', 'how long requests under way may take when the gateway stops'),
  },
};

function limit(name: keyof GatewayLimits, meaning: string): Setting<number> {
  return defaulted(WHOLE_NUMBER, GATEWAY_LIMITS[name], meaning);
}
