import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import fc from 'fast-check';
import { type ProblemCode, STATUS_BY_CODE } from './problem.ts';
import { comesTrue, gatewayOf, readAll, type TestGateway } from './testing/gateway.ts';

const MIB = 2 ** 20;
/** Small, so that what is held at once does not hide what stays. */
const LIMITS = { bodyBytes: 10_000, headersMs: 200, requestMs: 400, checkMs: 20, runs: 20, streams: 5, keepAliveMs: 100 };
/** Answers that are no errors. */
const GOOD: ReadonlySet<number> = new Set([100, 200, 202, 204]);
const SEED = 20_231_117;

const segment = fc.oneof(
  fc.constantFrom('v1', 'apps', 'functions', 'calls', 'events', 'runs', 'outputs', 'a', 'echo', 'twice', 'none', 'fail-OVERLOADED'),
  fc.constantFrom('..', '%2e%2e', '%00', '%', '%C3', '', '__proto__', 'constructor', 'x'.repeat(5_000)),
  fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => encodeURIComponent(text.toWellFormed())),
);
const path = fc.oneof(
  fc.constantFrom('/v1/apps/a/functions/echo/calls', '/v1/apps/a', '/v1/apps', '/healthz', '/metrics', '/openapi.json', '/v1/status'),
  fc.array(segment, { maxLength: 8 }).map((segments) => `/${segments.join('/')}`),
);
const query = fc
  .dictionary(
    fc.constantFrom('answer', 'deadlineMs', 'trace', 'async', 'x', '__proto__'),
    fc.constantFrom('all', 'true', '1', '-1', '', 'NaN', '%00'),
  )
  .map((parameters) =>
    Object.entries(parameters)
      .map(([name, value]) => `${name}=${value}`)
      .join('&'),
  );
const header = fc.tuple(
  fc.constantFrom(
    'content-type',
    'content-length',
    'transfer-encoding',
    'expect',
    'origin',
    'upgrade',
    'connection',
    'x',
    'host',
    'authorization',
  ),
  fc.oneof(
    fc.constantFrom('chunked', '5', '-1', '99999999999', '100-continue', 'null', 'close', 'websocket', ';;;', 'application/json'),
    fc.string({ maxLength: 30 }),
  ),
);
const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'QUERY', 'get'),
  path,
  query,
  headers: fc.array(header, { maxLength: 4 }),
  body: fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.json({ maxDepth: 5 }).map((text) => Buffer.from(text)),
  ),
  hasLength: fc.boolean(),
});

/** Sends bytes on a connection of their own and returns all that comes back until it is closed. */
async function exchange({ dial }: TestGateway, bytes: Uint8Array): Promise<string> {
  const socket = await dial('');
  const answer = readAll(socket);
  socket.end(bytes);
  return answer;
}

/** Whether every answer in a text is good, or an error with a code that belongs to its status; errors after HEAD have no body. */
function isCoded(text: string, sent: Uint8Array): boolean {
  const statuses = Array.from(text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm), ([, status]) => Number(status));
  const errors = statuses.filter((status) => !GOOD.has(status));
  const coded = Array.from(text.matchAll(/"status":(\d+),"code":"(\w+)"/g), ([, status, code]) => ({ status: Number(status), code }));
  const isHead = Buffer.from(sent).toString('latin1').includes('HEAD ');
  return (
    (text === '' || statuses.length > 0) &&
    coded.every(({ status, code }) => STATUS_BY_CODE[code as ProblemCode] === status) &&
    (isHead ? errors.every((status) => Object.values(STATUS_BY_CODE).includes(status)) : coded.length >= errors.length)
  );
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Of objects that are still in use. */
function usedBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function holdsNothing({ ask }: TestGateway): Promise<boolean> {
  const { text } = await ask('GET', '/metrics');
  return /^pheromone_gateway_requests_under_way 1$/m.test(text) && /^pheromone_gateway_bodies_bytes 0$/m.test(text);
}

for (const [what, bytes, numRuns] of [
  ['random bytes', fc.uint8Array({ maxLength: 3_000 }).map((each) => Buffer.from(each)), 300],
  [
    'random requests',
    request.map(({ method, path, query, headers, body, hasLength }) => {
      const lines = [`${method} ${path}?${query} HTTP/1.1`, 'host: localhost', ...headers.map(([name, value]) => `${name}: ${value}`)];
      if (hasLength) lines.push(`content-length: ${body.length}`);
      return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
    }),
    600,
  ],
] as const) {
  test(`${what} are answered with coded errors or not at all, and leave nothing behind`, async (t) => {
    const gateway = await gatewayOf(t, { limits: LIMITS });
    const run = async (): Promise<void> =>
      fc.assert(
        fc.asyncProperty(bytes, async (sent) => {
          const answer = await exchange(gateway, sent);
          if (!isCoded(answer, sent)) throw new Error(`expected a good answer or a coded error, got ${answer.slice(0, 500)}`);
        }),
        { numRuns, seed: SEED, includeErrorInReport: true },
      );
    await run();
    t.true(await comesTrue(() => holdsNothing(gateway)));
    const before = usedBytes();
    await run();
    t.true(await comesTrue(() => holdsNothing(gateway)));
    t.true(await comesTrue(() => usedBytes() - before < 8 * MIB));
    t.is((await gateway.ask('POST', '/v1/apps/a/functions/echo/calls', 'x')).text, 'x');
  });
}
