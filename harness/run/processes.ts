/** Looks at processes from outside: whether they live, and what they use. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Whether process `pid` runs. One that has ended and was not yet waited for does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    // The state follows the command's name, which may itself hold parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2] !== 'Z';
  } catch (error) {
    // ESRCH or ENOENT: it has ended since. Elsewhere than on Linux there is no /proc to ask.
    return !existsSync('/proc/self/stat') && (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Ends process `pid` at once, if it is there. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Whether this machine tells what a process uses. */
export const usageIsKnown = (): boolean => existsSync('/proc/self/smaps_rollup') && existsSync('/proc/self/schedstat');

/** Processor time that all threads of a process have used since they began, in nanoseconds; 0 once it has ended. */
export function processorNs(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]))
      .reduce((sum, ns) => sum + ns, 0);
  } catch {
    return 0;
  }
}

/** Proportional set size of a process in bytes: shared pages count in parts. 0 once it has ended. */
export function memoryBytes(pid: number): number {
  try {
    const match = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
