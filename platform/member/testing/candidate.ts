import type { Candidate } from '../../core/membership.ts';

/** Someone who would like to be a member; nobody listens where it says. */
export function candidate(name: string, more: Partial<Candidate> = {}): Candidate {
  const address = { host: '127.0.0.1', port: 7_000, pid: process.pid };
  return { name, role: 'worker', ...address, labels: [], executors: 2, draining: false, ...more };
}
