import test from 'ava';
import { DriverError } from './driver.ts';
import { type BodyCall, hostNowNs, loadBody, runBody } from './run-body.ts';
import { beside, type FunctionBody } from './workflow.ts';

const call = (rest: Partial<BodyCall> = {}): BodyCall => ({
  name: 'f',
  inputs: [],
  rule: { many: true, grouped: false },
  timeoutMs: 10_000,
  signal: new AbortController().signal,
  ...rest,
});

const failure = async (body: FunctionBody, rest?: Partial<BodyCall>): Promise<string> => {
  try {
    await runBody(body, call(rest));
    return 'no failure';
  } catch (error) {
    return error instanceof DriverError ? `${error.code} ${error.message}` : `not a DriverError: ${error}`;
  }
};

test('What a body emits comes with its labels, its span lies within the call', async (t) => {
  const beforeNs = hostNowNs();
  const { emitted, span } = await runBody(async ({ allocate, emit }) => {
    emit(allocate(3).fill(7), { key: 'k', group: 'g' });
    await null;
    emit(new Uint8Array(0));
  }, call());
  t.deepEqual(emitted, [
    { bytes: new Uint8Array([7, 7, 7]), key: 'k', group: 'g' },
    { bytes: new Uint8Array(0), key: '', group: '' },
  ]);
  t.true(beforeNs <= span.startedNs && span.startedNs <= span.endedNs && span.endedNs <= hostNowNs());
});

test('What a body throws, or rejects with, is FUNCTION_FAILED with its message', async (t) => {
  t.is(
    await failure(() => {
      throw new Error('no luck');
    }),
    'FUNCTION_FAILED function "f" failed: no luck',
  );
  t.is(
    await failure(async () => {
      throw 'text';
    }),
    'FUNCTION_FAILED function "f" failed: text',
  );
});

test('A second value, a key of no branch and a missing group are FUNCTION_FAILED', async (t) => {
  const one = new Uint8Array(1);
  const twice: FunctionBody = ({ emit }) => {
    emit(one);
    emit(one);
  };
  t.regex(await failure(twice, { rule: { many: false, grouped: false } }), /^FUNCTION_FAILED .*at most one value/);
  t.regex(
    await failure(({ emit }) => emit(one, { key: 'c' }), { rule: { many: false, keys: ['a', 'b'], grouped: false } }),
    /branch \(a, b\), got "c"/,
  );
  t.regex(await failure(({ emit }) => emit(one), { rule: { many: true, grouped: true } }), /names its group/);
  t.regex(await failure(({ emit }) => emit('text' as unknown as Uint8Array)), /expected to emit a Uint8Array, got string/);
});

test('A body that outlives its time is FUNCTION_TIMED_OUT, and its signal fires', async (t) => {
  let signal: AbortSignal | undefined;
  const hang: FunctionBody = (context) => {
    signal = context.signal;
    return new Promise(() => {});
  };
  t.regex(await failure(hang, { timeoutMs: 5 }), /^FUNCTION_TIMED_OUT function "f": expected to end within 5 ms/);
  t.true(signal?.aborted);
  const block: FunctionBody = () => {
    const untilNs = hostNowNs() + 5e6;
    while (hostNowNs() < untilNs);
  };
  t.regex(await failure(block, { timeoutMs: 1 }), /^FUNCTION_TIMED_OUT/);
});

test('A cancelled invocation ends at once, and late values are dropped', async (t) => {
  const controller = new AbortController();
  let emitLate: () => void = () => {};
  const hang: FunctionBody = ({ emit }) => {
    emitLate = () => emit('late' as unknown as Uint8Array);
    return new Promise(() => {});
  };
  const failed = failure(hang, { signal: controller.signal });
  controller.abort();
  t.regex(await failed, /^CANCELLED/);
  t.regex(await failure(hang, { signal: controller.signal }), /^CANCELLED/);
  t.notThrows(emitLate);
});

test('A module or an export that is not there is INVALID_WORKFLOW', async (t) => {
  const missing = await t.throwsAsync(loadBody('f', { module: beside(import.meta.url, 'nowhere'), export: 'f' }), {
    instanceOf: DriverError,
  });
  t.regex(missing.message, /function "f": module .*expected a module that can be imported/);
  const noExport = await t.throwsAsync(loadBody('f', { module: beside(import.meta.url, 'workflow'), export: 'PATTERNS' }), {
    instanceOf: DriverError,
  });
  t.regex(noExport.message, /expected a function as its export "PATTERNS", got object/);
  t.is(noExport.code, 'INVALID_WORKFLOW');
});
