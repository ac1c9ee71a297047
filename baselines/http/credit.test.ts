import test from 'ava';
import fc from 'fast-check';
import { addCredit, addCredits, type Credit, formatCredits, isWhole, parseCredits, splitCredit, WHOLE } from './credit.ts';

/** Divides the whole again and again, as often as `counts` says. */
function divided(counts: readonly number[]): Credit[] {
  const credits = [WHOLE];
  for (const [at, count] of counts.entries()) credits.push(...splitCredit(credits.splice(at % credits.length, 1)[0]!, count));
  return credits;
}

const counts = fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 12 });

test('However credit is divided, all of it together is whole, and any part missing is noticed', (t) => {
  fc.assert(
    fc.property(counts, (sizes) => {
      const credits = divided(sizes);
      t.true(credits.every(({ numerator }) => numerator > 0n));
      t.true(isWhole(credits.reduce(addCredit)));
      if (credits.length > 1) t.false(isWhole(credits.slice(1).reduce(addCredit)));
    }),
    { numRuns: 30 },
  );
});

test('Credits survive a header', (t) => {
  fc.assert(
    fc.property(counts, (sizes) => {
      const credits = new Map([
        ['s', divided(sizes)[0]!],
        ['3', WHOLE],
      ]);
      t.deepEqual(parseCredits(formatCredits(credits)), credits);
    }),
    { numRuns: 30 },
  );
  t.is(parseCredits('').size, 0);
  t.throws(() => parseCredits('s=1'), { message: /expected credit such as s=1\/0, got "s=1"/ });
});

test('Credits are added name by name', (t) => {
  const [a, b] = splitCredit(WHOLE, 2) as [Credit, Credit];
  const sum = addCredits(
    new Map([['s', a]]),
    new Map([
      ['s', b],
      ['1', a],
    ]),
  );
  t.true(isWhole(sum.get('s')!));
  t.deepEqual(sum.get('1'), a);
});
