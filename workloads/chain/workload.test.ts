import test from 'ava';
import type { Output } from '../api/driver.ts';
import { runBody } from '../api/run-body.ts';
import { validateWorkflow } from '../api/validate.ts';
import { increment } from './functions.ts';
import { chain } from './workload.ts';

async function run(length: number, input: Uint8Array): Promise<Output[]> {
  let bytes = input;
  const { signal } = new AbortController();
  for (let at = 0; at < length; at++) {
    const inputs = [{ from: '', key: '', group: '', bytes }];
    const { emitted } = await runBody(increment, {
      name: 'increment',
      inputs,
      rule: { many: true, grouped: false },
      timeoutMs: 60_000,
      signal,
    });
    bytes = emitted[0]!.bytes;
  }
  return [{ from: 'increment', key: '', group: '', bytes }];
}

test('Chains of 1 and of 1,000 hold together', (t) => {
  for (const length of [1, 1_000]) t.notThrows(() => validateWorkflow(chain.workflow({ length, payloadBytes: 8 })));
});

test('A chain adds its length and leaves the payload as it was', async (t) => {
  for (const parameters of [
    { length: 1, payloadBytes: 8 },
    { length: 3, payloadBytes: 100_000 },
  ]) {
    const input = chain.input(parameters, 41);
    t.deepEqual(chain.check(parameters, input, await run(parameters.length, input)), { ok: true });
  }
});

test('A counter that is off, a payload that differs, a length that differs and no output are found', async (t) => {
  const parameters = { length: 2, payloadBytes: 16 };
  const input = chain.input(parameters, 5);
  const [output] = (await run(2, input)) as [Output];
  const changed = output.bytes.slice();
  changed[15]! ^= 1;
  t.like(chain.check(parameters, input, await run(1, input)), { ok: false, why: 'expected the counter 7, got 6' });
  t.like(chain.check(parameters, input, [{ ...output, bytes: changed }]), { ok: false });
  t.like(chain.check(parameters, input, [{ ...output, bytes: output.bytes.subarray(0, 15) }]), { ok: false });
  t.like(chain.check(parameters, input, []), { ok: false, why: 'expected 1 output, got 0' });
});

test('The same seed gives the same bytes, another seed others', (t) => {
  const parameters = { length: 2, payloadBytes: 64 };
  t.deepEqual(chain.input(parameters, 9), chain.input(parameters, 9));
  t.notDeepEqual(chain.input(parameters, 9), chain.input(parameters, 10));
});
