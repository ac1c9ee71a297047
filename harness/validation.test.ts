import test from 'ava';
import { z } from 'zod';
import { InputError } from './input-error.ts';
import { parseJson, validate } from './validation.ts';

const schema = z.strictObject({
  rounds: z.int().min(1),
  parts: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('fast'), us: z.number() }),
      z.strictObject({ kind: z.literal('slow') }),
    ]),
  ),
  state: z.enum(['complete', 'interrupted']).optional(),
});
const sound = { rounds: 1, parts: [{ kind: 'fast', us: 2 }] };
const refusal = (value: unknown): string | undefined => {
  try {
    validate(schema, value, 'x.json');
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return undefined;
};

test('what fits is returned', (t) => {
  t.deepEqual(validate(schema, sound, 'x.json'), sound as z.infer<typeof schema>);
});

test('what does not fit is refused in one line: where, what was expected, what came, what was probably meant', (t) => {
  t.is(refusal([]), 'x.json: expected object, got a list');
  t.is(refusal({ ...sound, rounds: '1' }), 'x.json: rounds: expected number, got "1"');
  t.is(refusal({ ...sound, rounds: 0 }), 'x.json: rounds: expected at least 1, got 0');
  t.is(refusal({ parts: [] }), 'x.json: rounds: expected number, got nothing');
  t.is(refusal({ ...sound, round: 1 }), 'x.json: expected only the keys rounds, parts, state, got "round"; did you mean "rounds"?');
  t.is(refusal({ ...sound, state: 'complet' }), 'x.json: state: expected complete or interrupted, got "complet"; did you mean "complete"?');
  t.is(refusal({ ...sound, parts: [{ kind: 'slwo' }] }), 'x.json: parts.0.kind: expected fast or slow, got "slwo"');
  t.is(
    refusal({ ...sound, parts: [{ kind: 'fast', us: 1, uss: 2 }] }),
    'x.json: parts.0: expected only the keys kind, us, got "uss"; did you mean "us"?',
  );
});

test('text that is no JSON is refused in one line', (t) => {
  t.throws(() => parseJson('{\n "a": 1,\n', 'x.json'), { instanceOf: InputError, message: /^x\.json: expected JSON, got: [^\n]+$/ });
});
