/** Progress on standard error: a bar on a terminal, plain lines elsewhere. */
import { createRequire } from 'node:module';
import type { Progress, Status } from '../run/progress.ts';

/** The part of cli-progress that is used here; the package brings no types. */
interface Bar {
  start(total: number, value: number, payload: Readonly<Record<string, string>>): void;
  update(value: number, payload: Readonly<Record<string, string>>): void;
  render(): void;
  stop(): void;
}
type BarClass = new (options: Readonly<Record<string, unknown>>) => Bar;
const { SingleBar } = createRequire(import.meta.url)('cli-progress') as { readonly SingleBar: BarClass };

const BAR_EVERY_MS = 250;
const LINE_EVERY_MS = 5_000;

/** `about 40 s left`, in steps that do not flicker. Pure. */
export function describeLeft(leftMs: number | undefined): string {
  if (leftMs === undefined) return 'estimating';
  const seconds = leftMs / 1000;
  if (seconds < 1) return 'nearly done';
  if (seconds < 100) return `about ${Math.ceil(seconds)} s left`;
  return `about ${Math.ceil(seconds / 60)} min left`;
}

/** Lets a call through at most once in `everyMs`. */
function throttle(everyMs: number): () => boolean {
  let nextMs = 0;
  return () => {
    const nowMs = performance.now();
    if (nowMs < nextMs) return false;
    nextMs = nowMs + everyMs;
    return true;
  };
}

/** One line now and then, for logs. */
export function linesOn(stream: NodeJS.WritableStream): Progress {
  const isDue = throttle(LINE_EVERY_MS);
  return {
    note: (text) => void stream.write(`${text}\n`),
    update({ phase, done, leftMs }) {
      if (isDue()) stream.write(`${phase}, ${Math.floor(done * 100)} %, ${describeLeft(leftMs)}\n`);
    },
    end() {},
  };
}

/** A bar that is drawn between trials only: its own timer would fire in the middle of one. */
function barOn(stream: NodeJS.WriteStream): Progress {
  const never = 1e-6;
  const bar = new SingleBar({
    format: '{bar} {percentage} % | {phase} | {left}',
    fps: never,
    hideCursor: true,
    gracefulExit: false,
    clearOnComplete: true,
    stream,
  });
  const isDue = throttle(BAR_EVERY_MS);
  let isDrawn = false;
  const payload = ({ phase, leftMs }: Status) => ({ phase, left: describeLeft(leftMs) });
  return {
    note(text) {
      stream.write(`${isDrawn ? '\r\u001b[K' : ''}${text}\n`);
      if (isDrawn) bar.render();
    },
    update(status) {
      if (!isDrawn) bar.start(100, 0, payload(status));
      isDrawn = true;
      if (!isDue()) return;
      bar.update(Math.floor(status.done * 100), payload(status));
      bar.render();
    },
    end() {
      if (isDrawn) bar.stop();
      isDrawn = false;
    },
  };
}

export const progressOn = (stream: NodeJS.WriteStream): Progress => (stream.isTTY ? barOn(stream) : linesOn(stream));
