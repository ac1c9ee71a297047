import test from 'ava';
import { GATEWAY_LIMITS } from './limits.ts';
import { HttpError, problemOf, STATUS_BY_CODE } from './problem.ts';
import { callsOf, gatewayOf } from './testing/gateway.ts';

/** Codes that no platform gives. */
const HTTP_CODES = ['UNKNOWN_ROUTE', 'UNKNOWN_RUN', 'FORBIDDEN', 'REQUEST_TIMED_OUT', 'HEADERS_TOO_LARGE', 'MALFORMED_REQUEST'];

test('every error of the platform is answered with its code and a status of its own kind', async (t) => {
  const { ask } = await gatewayOf(t);
  for (const [code, status] of Object.entries(STATUS_BY_CODE).filter(([code]) => !HTTP_CODES.includes(code))) {
    const answer = await ask('POST', callsOf(`fail-${code}`), 'x');
    t.is(answer.status, status, code);
    t.regex(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
    t.like(answer.json, { code, status });
    t.is(answer.headers.has('retry-after'), answer.json.retryable as boolean);
    t.true(status >= 400 && status < 600);
  }
});

test('the text of an error is cut to its limit', async (t) => {
  const { ask } = await gatewayOf(t, { limits: { detailLength: 100 } });
  const { json } = await ask('POST', callsOf('fail-FUNCTION_FAILED'));
  t.regex(json.detail as string, /^fail-FUNCTION_FAILED x+\.\.\.$/);
  t.is((json.detail as string).length, 103);
});

test('a fault of the gateway itself is INTERNAL and tells nothing of its text', async (t) => {
  const { ask } = await gatewayOf(t);
  const { status, text } = await ask('POST', callsOf('breaks'));
  t.is(status, 500);
  t.regex(text, /"code":"INTERNAL"/);
  t.notRegex(text, /a fault of the gateway itself/);
});

test('what only HTTP knows is not to be tried again as it is', (t) => {
  t.deepEqual(problemOf(new HttpError('UNKNOWN_ROUTE', 'x'), GATEWAY_LIMITS), {
    title: 'Not Found',
    status: 404,
    code: 'UNKNOWN_ROUTE',
    detail: 'x',
    retryable: false,
  });
});
