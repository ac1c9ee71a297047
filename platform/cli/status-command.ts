/** `pheromone status`: who belongs to the cluster, and what each member is doing. */
import Table from 'cli-table3';
import { connectClient } from '../client/client.ts';
import type { PlatformStatus } from '../client/pheromone-client.ts';
import type { Address } from '../config/setting.ts';
import { PheromoneError } from '../core/errors.ts';
import { joinCluster } from '../member/membership.ts';
import type { Security } from '../wire/security.ts';
import { managerOf, type Target } from './connect.ts';
import { securityOf } from './settings.ts';
import { print } from './terminal.ts';

/** How long a member may take to say what it is doing. */
const ANSWER_MS = 5_000;

/** A member, and what it says of itself; what went wrong where it says nothing. */
export type MemberStatus = {
  readonly name: string;
  readonly role: string;
  readonly address: string;
  readonly pid: number;
  readonly draining: boolean;
} & (PlatformStatus | { readonly error: string });

/** Prints a table, or one JSON document for machines. */
export async function statusCommand(target: Target, { json = false }: { readonly json?: boolean }): Promise<void> {
  const security = securityOf(target);
  const { node } = target;
  const members = node === undefined ? await statusOfCluster(managerOf(target), security) : [await statusOfNode(node, security)];
  print(json ? JSON.stringify({ members }, undefined, 2) : tableOf(members));
}

async function statusOfCluster(manager: Address, security: Security | undefined): Promise<MemberStatus[]> {
  const membership = await joinCluster({ manager, security });
  membership.close();
  const members = [...membership.view.members].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  return Promise.all(
    members.map(async ({ name, role, host, port, pid, draining }) => {
      const { pid: _, ...status } = await ask({ host, port }, security);
      return { name, role, address: `${host}:${port}`, pid, draining, ...status };
    }),
  );
}

async function statusOfNode(node: Address, security: Security | undefined): Promise<MemberStatus> {
  const status = await ask(node, security);
  if ('error' in status) throw new PheromoneError('DISCONNECTED', status.error);
  return { name: '', role: '', address: `${node.host}:${node.port}`, draining: false, ...status };
}

async function ask(
  { host, port }: Address,
  security: Security | undefined,
): Promise<(PlatformStatus & { pid: number }) | { pid: number; error: string }> {
  try {
    const client = await connectClient({ host, port, security, timeoutMs: ANSWER_MS, requestTimeoutMs: ANSWER_MS });
    try {
      return { pid: client.pid, ...(await client.status()) };
    } finally {
      await client.close();
    }
  } catch (error) {
    return { pid: 0, error: error instanceof Error ? error.message : String(error) };
  }
}

function tableOf(members: readonly MemberStatus[]): string {
  const table = new Table({
    head: ['name', 'role', 'address', 'process', 'executors', 'sessions', 'memory', 'apps'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const member of members) {
    const { name, role, address, pid, draining } = member;
    const who = [name, draining ? `${role} (draining)` : role, address, String(pid)];
    if ('error' in member) table.push([...who, { colSpan: 4, content: member.error }]);
    else table.push([...who, executorsOf(member), String(member.sessions), memoryOf(member), String(member.apps.length)]);
  }
  return table.toString();
}

/** Busy ones of all. */
function executorsOf({ executors }: PlatformStatus): string {
  return executors.length === 0 ? '' : `${executors.filter(({ state }) => state === 'busy').length} of ${executors.length} busy`;
}

function memoryOf({ memory: { usedBytes, arenaBytes } }: PlatformStatus): string {
  return arenaBytes === 0 ? '' : `${(usedBytes / 1e6).toFixed(1)} of ${(arenaBytes / 1e6).toFixed(0)} MB`;
}
