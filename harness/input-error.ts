/** Errors in what the user gave, told in one line: what, where, what was expected, what came. */
import { didYouMean } from '../workloads/api/complaint.ts';

/** Input that cannot be worked with; nothing was run. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly code = 'INVALID_INPUT';
}

/** The error for a name that is none of `known`. `kind` says what was named, such as `platform`. */
export function unknownName(kind: string, name: string, known: readonly string[]): InputError {
  return new InputError(`unknown ${kind}: expected one of ${known.join(', ')}, got "${name}"${didYouMean(name, known)}`);
}

/** The error for something that the file system refused. `expected` says what should have been at `path`. */
export function refusedBy(error: unknown, path: string, expected: string): InputError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new InputError(`${path}: expected ${expected}, got ${code ?? message}`, { cause: error });
}
