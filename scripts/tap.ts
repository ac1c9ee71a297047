/** Reads the Test Anything Protocol as ava writes it, line by line. */

/** One test, as far as the protocol tells. */
export interface TapResult {
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly title: string;
  /** What the runner says of a failure, indented as it came. */
  readonly details: readonly string[];
}

const RESULT = /^(not )?ok \d+ - (.*?)(?: # (SKIP|TODO)\b.*)?$/;

/** Yields each test once all that belongs to it has come; lines that belong to no test are handed to `onOther`. */
export async function* readTap(lines: AsyncIterable<string>, onOther: (line: string) => void): AsyncGenerator<TapResult> {
  let open: { outcome: TapResult['outcome']; title: string; details: string[] } | undefined;
  for await (const line of lines) {
    const [isResult, not, title = '', directive] = RESULT.exec(line) ?? [];
    if (isResult !== undefined) {
      if (open !== undefined) yield open;
      open = { outcome: directive !== undefined ? 'skipped' : not === undefined ? 'passed' : 'failed', title, details: [] };
    } else if (open !== undefined && line.startsWith('  ')) {
      if (!/^\s+(---|\.\.\.)$/.test(line)) open.details.push(line);
    } else if (!/^(TAP version \d+|\d+\.\.\d+|# (?:(?:tests|pass|fail|skip) \d+|.* hook)|\s*)$/.test(line)) {
      onOther(line);
    }
  }
  if (open !== undefined) yield open;
}
