/** How validation words what it finds. */
import { type Dependency, sourcesOf, type Workflow } from './workflow.ts';

/** Throws `INVALID_WORKFLOW`: where, what was expected, what came. */
export type Fail = (where: string, expected: string, came: string) => never;

/** How a dependency is named in messages. */
export function placeOf(workflow: Workflow, d: Dependency): string {
  return `dependency ${workflow.dependencies.indexOf(d)} (${d.pattern} on ${excerpt(sourcesOf(d))})`;
}

/** Names, the first eight of them. */
export function excerpt(names: readonly string[]): string {
  return names.length <= 8 ? names.join(', ') : `${names.slice(0, 8).join(', ')} and ${names.length - 8} more`;
}

/** Of `candidates` the one that `name` was probably meant to be, as the end of a message; `''` if none is near. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  const [best] = candidates
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.floor((candidate.length + 1) / 3))
    .sort((a, b) => a.distance - b.distance);
  return best === undefined ? '' : `; did you mean "${best.candidate}"?`;
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
