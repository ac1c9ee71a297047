/** Errors in what the user gave, told in one line: where, what was expected, what came. */

/** Input that cannot be worked with; nothing was done. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'INVALID_ARGUMENT';
}

/** Of `known` the name that was probably meant, as the end of a message; `''` if none is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

/** Of `known` the one that `name` is a slip of the finger away from. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((candidate) => ({ candidate, distance: editDistance(plain(name), plain(candidate)) }))
    .filter(({ candidate, distance }) => distance <= Math.floor((candidate.length + 1) / 3))
    .sort((a, b) => a.distance - b.distance);
  return best?.candidate;
}

/** Other ways to write one name: arenaBytes, arena_bytes, arena-bytes. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_.]/g, '');
}

/** How many letters to put in, take out or replace (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (letter === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
