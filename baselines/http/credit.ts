/**
 * Credit, by which the end of a computation is noticed that no one process oversees (Mattern, 1989: "Global
 * quiescence detection based on credit distribution and recovery"). What starts a computation has the credit 1;
 * every message carries a share; whatever sends nothing on gives its share back. Once 1 is back, all is over.
 */

/** `numerator / 2 ** exponent`, more than 0, exact. */
export interface Credit {
  readonly numerator: bigint;
  readonly exponent: number;
}

/** All of it, ready to be divided often before the numbers grow. */
export const WHOLE: Credit = { numerator: 1n << 32n, exponent: 32 };

export function isWhole({ numerator, exponent }: Credit): boolean {
  return numerator === 1n << BigInt(exponent);
}

export function addCredit(a: Credit, b: Credit): Credit {
  const exponent = Math.max(a.exponent, b.exponent);
  return { numerator: scaled(a, exponent) + scaled(b, exponent), exponent };
}

/** `count` credits that add up to `credit`. */
export function splitCredit(credit: Credit, count: number): readonly Credit[] {
  let { numerator, exponent } = credit;
  while (numerator < BigInt(count)) {
    numerator <<= 32n;
    exponent += 32;
  }
  const share = numerator / BigInt(count);
  const rest = numerator - share * BigInt(count - 1);
  return Array.from({ length: count }, (_, i) => ({ numerator: i === 0 ? rest : share, exponent }));
}

function scaled({ numerator, exponent }: Credit, to: number): bigint {
  return numerator << BigInt(to - exponent);
}

/** Credits of several computations at once: of the session, and of the sources of each group that is still to fire. */
export type Credits = ReadonlyMap<string, Credit>;

/** Name of the session's own credit. */
export const SESSION = 's';
export const NO_CREDITS: Credits = new Map();

export function addCredits(a: Credits, b: Credits): Credits {
  if (a.size === 0) return b;
  const sum = new Map(a);
  for (const [name, credit] of b) {
    const before = sum.get(name);
    sum.set(name, before === undefined ? credit : addCredit(before, credit));
  }
  return sum;
}

/** As text for a header: `name=numerator/exponent`, separated by commas, numbers in base 36. */
export function formatCredits(credits: Credits): string {
  let text = '';
  for (const [name, { numerator, exponent }] of credits) text += `${text && ','}${name}=${numerator.toString(36)}/${exponent.toString(36)}`;
  return text;
}

/** Throws a RangeError on anything that `formatCredits` did not write. */
export function parseCredits(text: string): Credits {
  if (text === '') return NO_CREDITS;
  return new Map(
    text.split(',').map((part) => {
      const match = /^(\w+)=([0-9a-z]+)\/([0-9a-z]+)$/.exec(part);
      if (match === null) throw new RangeError(`expected credit such as s=1/0, got "${part}"`);
      return [match[1]!, { numerator: bigintOf(match[2]!), exponent: Number.parseInt(match[3]!, 36) }];
    }),
  );
}

function bigintOf(text: string): bigint {
  const small = Number.parseInt(text, 36);
  if (Number.isSafeInteger(small)) return BigInt(small);
  return [...text].reduce((value, digit) => value * 36n + BigInt(Number.parseInt(digit, 36)), 0n);
}
