/** `pheromone call`: one call, its input from the command line, a file or stdin, its output on stdout. */
import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import type { CallResult, Output } from '../client/run.ts';
import { ConfigError } from '../config/config-error.ts';
import { openLog } from '../log/log.ts';
import type { TraceFormat } from '../trace/formats.ts';
import { connect, type Target } from './connect.ts';
import { EXIT, type ExitCode, lineOf } from './exit-codes.ts';
import { interrupted, note, print } from './terminal.ts';
import { traceTable, writeTrace } from './trace-output.ts';

const log = openLog({ role: 'command' });

export interface CallFlags {
  readonly input?: string;
  /** `-`: stdin. */
  readonly file?: string;
  readonly all?: boolean;
  readonly json?: boolean;
  /** `true`: as a table; otherwise the file to write. */
  readonly trace?: boolean | string;
  readonly traceFormat: TraceFormat;
  readonly deadline?: number;
}

/** Calls a function and prints what comes of it. Interrupted, it cancels the call. */
export async function callCommand(target: Target, app: string, fn: string, flags: CallFlags): Promise<ExitCode> {
  const input = await readInput(flags);
  const client = await connect(target);
  let isInterrupted = false;
  try {
    const { all = false, trace = false, traceFormat, deadline: deadlineMs } = flags;
    const run = client.start(app, fn, input, { answer: all ? 'all' : 'first', trace: trace !== false, deadlineMs });
    void interrupted(() => process.exit(EXIT.interrupted)).then(() => {
      isInterrupted = true;
      run.cancel();
    });
    log.debug('calling', { app, function: fn, inputBytes: input.length });
    const result = await run.result;
    const endedAtMs = Date.now();
    show(result, all || flags.json === true);
    if (typeof trace === 'string') writeTrace(trace, traceFormat, result, { app, endedAtMs });
    else if (trace) note(traceTable(result.spans));
    return EXIT.fine;
  } catch (error) {
    if (!isInterrupted) throw error;
    note(lineOf(error));
    return EXIT.interrupted;
  } finally {
    await client.close();
  }
}

async function readInput({ input, file }: CallFlags): Promise<Uint8Array> {
  if (input !== undefined && file !== undefined) throw new ConfigError('expected --input or --file, got both');
  if (input !== undefined) return Buffer.from(input);
  if (file === undefined || file === '-') return file === '-' || !process.stdin.isTTY ? buffer(process.stdin) : new Uint8Array(0);
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ConfigError(`--file ${file}: expected a file, got ${(error as NodeJS.ErrnoException).code}`, { cause: error });
  }
}

/** The bytes of the first output as they are; as JSON one line for each. */
function show({ outputs }: CallResult, isJson: boolean): void {
  if (isJson) for (const output of outputs) print(JSON.stringify(jsonOf(output)));
  else for (const { bytes } of outputs) process.stdout.write(process.stdout.isTTY ? Buffer.concat([bytes, Buffer.from('\n')]) : bytes);
}

/** Bytes that are no text are given in base 64. */
function jsonOf({ source, key, group, bytes }: Output): object {
  const head = { source, key, group, bytes: bytes.length };
  try {
    return { ...head, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { ...head, base64: Buffer.from(bytes).toString('base64') };
  }
}
