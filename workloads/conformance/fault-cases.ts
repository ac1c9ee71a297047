/** Faults, limits, sessions side by side, and what a trace tells. */
import { HOST_CLOCK } from '../api/driver.ts';
import { hostNowNs } from '../api/run-body.ts';
import type { Workflow } from '../api/workflow.ts';
import {
  type BodyName,
  type ConformanceCase,
  conformanceCase,
  describedBy,
  expectError,
  expectSame,
  flow,
  invoke,
  soon,
  textOf,
} from './case.ts';

const two = (first: BodyName, second: BodyName, result: Workflow['result'] = 'first') =>
  flow({ first, second }, [{ pattern: 'sequence', from: 'first', to: 'second' }], result);
/** Goes to the function that the input names, so that a fault and its neighbours share a deployment. */
const beside = (faulty: BodyName, timeoutMs?: number) => {
  const limit = timeoutMs === undefined ? {} : { timeoutMs };
  return flow(
    { pick: { body: 'choose', ...limit }, faulty: { body: faulty, ...limit }, sound: { body: 'echo', ...limit } },
    [{ pattern: 'choice', from: 'pick', to: { faulty: 'faulty', sound: 'sound' } }],
    'first',
  );
};

/** What a value need not be larger than to show that large ones pass. */
const MODEST_BYTES = 10_000_000;

const faults: readonly ConformanceCase[] = [
  conformanceCase('A body that throws fails its run with its message, and no other run', beside('fail'), async (deployment) => {
    const sound = invoke(deployment, 'sound');
    const message = await expectError(invoke(deployment, 'faulty'), 'FUNCTION_FAILED');
    if (!message.includes('no luck | today')) throw new Error(`expected the message of the body, got: ${message}`);
    expectSame((await sound).outputs.map(textOf), ['sound'], 'outputs of the other run');
  }),
  conformanceCase('A body that rejects late fails its run with its message', two('failLate', 'echo'), async (deployment) => {
    const message = await expectError(invoke(deployment, ''), 'FUNCTION_FAILED');
    if (!message.includes('no luck later')) throw new Error(`expected the message of the body, got: ${message}`);
  }),
  conformanceCase('A second value where one is taken fails the run', two('emitTwice', 'echo', 'all'), async (deployment) => {
    await expectError(invoke(deployment, ''), 'FUNCTION_FAILED');
  }),
  conformanceCase('A key of no branch fails the run', beside('echo'), async (deployment) => {
    await expectError(invoke(deployment, 'nobody'), 'FUNCTION_FAILED');
  }),
  conformanceCase('A run that ends without the value that it is to answer with fails', two('keepSilent', 'echo'), async (deployment) => {
    await expectError(invoke(deployment, ''), 'FUNCTION_FAILED');
  }),
  conformanceCase('A body that never ends is timed out, and other runs go on', beside('hang', 300), async (deployment) => {
    const hanging = expectError(invoke(deployment, 'faulty'), 'FUNCTION_TIMED_OUT');
    expectSame((await invoke(deployment, 'sound')).outputs.map(textOf), ['sound'], 'outputs of another run');
    await hanging;
    expectSame((await invoke(deployment, 'sound')).outputs.map(textOf), ['sound'], 'outputs of a later run');
  }),
  conformanceCase('A body that blocks its thread is timed out, and later runs go on', beside('block', 300), async (deployment) => {
    for (let round = 0; round < 2; round++) {
      await expectError(invoke(deployment, 'faulty'), 'FUNCTION_TIMED_OUT');
      expectSame((await invoke(deployment, 'sound')).outputs.map(textOf), ['sound'], 'outputs of a later run');
    }
  }),
];

const ends: readonly ConformanceCase[] = [
  conformanceCase('A cancelled run rejects, before it began or while it runs', beside('hang'), async (deployment) => {
    await expectError(invoke(deployment, 'faulty', { signal: AbortSignal.abort() }), 'CANCELLED');
    const controller = new AbortController();
    const running = expectError(invoke(deployment, 'faulty', { signal: controller.signal }), 'CANCELLED');
    await soon();
    controller.abort();
    await running;
    expectSame((await invoke(deployment, 'sound')).outputs.map(textOf), ['sound'], 'outputs of a later run');
  }),
  conformanceCase('A run that misses its deadline rejects', beside('hang'), async (deployment) => {
    await expectError(invoke(deployment, 'faulty', { deadlineMs: 50 }), 'DEADLINE_EXCEEDED');
    expectSame((await invoke(deployment, 'sound')).outputs.map(textOf), ['sound'], 'outputs of a later run');
  }),
  conformanceCase('Removing a workflow cancels what runs and lets nothing new start', beside('hang'), async (deployment) => {
    const running = expectError(invoke(deployment, 'faulty'), 'CANCELLED');
    await soon();
    await deployment.remove();
    await running;
    await expectError(invoke(deployment, 'sound'));
  }),
  conformanceCase('A request workflow cannot be fed', two('echo', 'echo'), async (deployment) => {
    await expectError(deployment.feed(new Uint8Array(1)));
  }),
];

const data: readonly ConformanceCase[] = [
  conformanceCase('A value as large as the limit passes', two('zeros', 'echo'), async (deployment, { payloadLimitBytes }) => {
    const size = Math.min(payloadLimitBytes, MODEST_BYTES);
    const { outputs } = await invoke(deployment, String(size));
    expectSame([outputs[0]?.bytes.length, outputs[0]?.bytes.some((byte) => byte !== 0)], [size, false], 'bytes, and any that is not 0');
  }),
  conformanceCase(
    'A value above the limit is refused with both sizes, from the caller and between functions',
    two('zeros', 'echo'),
    async (deployment, { payloadLimitBytes: limit }) => {
      if (limit === Number.POSITIVE_INFINITY) return;
      const inner = await expectError(invoke(deployment, String(limit + 1)), 'PAYLOAD_TOO_LARGE');
      const outer = await expectError(deployment.invoke(new Uint8Array(limit + 1)), 'PAYLOAD_TOO_LARGE');
      for (const message of [inner, outer]) {
        const numbers: readonly number[] = (message.match(/\d[\d,]*/g) ?? []).map((digits) => Number(digits.replaceAll(',', '')));
        const missing = [limit, limit + 1].filter((bytes) => !numbers.includes(bytes));
        if (missing.length > 0) throw new Error(`expected a message that names ${missing.join(' and ')} bytes, got: ${message}`);
      }
      expectSame((await invoke(deployment, '3')).outputs[0]?.bytes.length, 3, 'bytes of a later run');
    },
  ),
  conformanceCase(
    'A value of 10 MB arrives byte by byte, or is too large',
    two('fill', 'echo'),
    async (deployment, { payloadLimitBytes }) => {
      const size = MODEST_BYTES;
      if (payloadLimitBytes < size) {
        await expectError(invoke(deployment, String(size)), 'PAYLOAD_TOO_LARGE');
        return;
      }
      const bytes = (await invoke(deployment, String(size))).outputs[0]?.bytes;
      expectSame(bytes?.length, size, 'bytes');
      expectSame(
        bytes?.findIndex((byte, at) => byte !== (at & 0xff)),
        -1,
        'the first byte that differs',
      );
    },
  ),
  conformanceCase('Outputs are copies that later runs do not touch', two('echo', 'echo'), async (deployment) => {
    const kept = await invoke(deployment, 'kept');
    for (let round = 0; round < 20; round++) await invoke(deployment, 'over');
    expectSame(kept.outputs.map(textOf), ['kept'], 'outputs');
  }),
  conformanceCase(
    'Sessions side by side do not mix',
    flow({ items: 'lines', each: 'dawdle', join: 'describe' }, [{ pattern: 'map', from: 'items', each: 'each', to: 'join' }]),
    async (deployment) => {
      await Promise.all(
        Array.from({ length: 20 }, async (_, session) => {
          const texts = [`${session}a`, `${session}b`, `${session}c`];
          const joined = await describedBy(deployment, texts.join('\n'));
          expectSame(
            joined.map((inputs) => inputs.map(({ text }) => text)),
            [texts],
            `session ${session}`,
          );
        }),
      );
    },
  ),
  conformanceCase(
    'A chain of 200 functions ends',
    flow(
      Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}`, 'echo' as const])),
      Array.from({ length: 199 }, (_, i) => ({ pattern: 'sequence', from: `f${i}`, to: `f${i + 1}` })),
      'first',
    ),
    async (deployment) => {
      const { outputs, trace } = await invoke(deployment, 'v');
      expectSame(outputs.map(textOf), ['v'], 'outputs');
      expectSame(new Set(trace.spans.map(({ fn }) => fn)).size, 200, 'functions in the trace');
    },
  ),
  conformanceCase('A trace has one span for each invocation, in the order of cause and effect', two('echo', 'echo'), async (deployment) => {
    const calledNs = hostNowNs();
    const { trace } = await invoke(deployment, 'v');
    const endedNs = hostNowNs();
    const [first, second] = ['first', 'second'].map((name) => trace.spans.filter(({ fn }) => fn === name));
    expectSame([first?.length, second?.length, trace.spans.length], [1, 1, 2], 'spans');
    const times = [first![0]!.startedNs, first![0]!.endedNs, second![0]!.startedNs, second![0]!.endedNs];
    const bounded = trace.clock === HOST_CLOCK ? [calledNs, ...times, endedNs] : times;
    expectSame(
      bounded,
      bounded.toSorted((a, b) => a - b),
      'times',
    );
  }),
];

export const FAULT_CASES: readonly ConformanceCase[] = [...faults, ...ends, ...data];
