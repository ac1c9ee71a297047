/**
 * The messages between a manager and those who want to know the members of its cluster.
 *
 * After the greeting the other end sends `join` (to become a member) or `watch` (only to be told), once. The manager
 * answers `admitted` or `refused`, then `view` at once and whenever the members change. Both are to send `beat` every
 * `heartbeatMs`, which the manager answers with one of its own: an end that hears nothing for `suspectMs` takes the
 * other for lost.
 */
import { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import type { Candidate, Member, View } from '../core/membership.ts';
import { checkedHeads } from './checked-heads.ts';
import type { Protocol } from './connection.ts';
import { WIRE_LIMITS } from './limits.ts';

/** Asks to be a member. Answer: `admitted` or `refused`. */
export interface Join {
  readonly type: 'join';
  readonly candidate: Candidate;
  /** What it was last admitted as, if it still believes to be a member. */
  readonly incarnation: number | null;
  /** The last view that it was told of. */
  readonly known: View | null;
}

/** Asks to be told of the members. Answer: `admitted`. */
export interface Watch {
  readonly type: 'watch';
  readonly known: View | null;
}

/** The sender lives. */
export interface Beat {
  readonly type: 'beat';
}

/** The member takes no new work, or takes work again. Answer: `done`, after the view that says so. */
export interface Drain {
  readonly type: 'drain';
  readonly draining: boolean;
}

/** The member goes. Answer: `done`. */
export interface Leave {
  readonly type: 'leave';
}

/** The manager has it among its members, or among those it tells of them. */
export interface Admitted {
  readonly type: 'admitted';
  /** Of a member; `null` for whoever watches. Another one than before: it had been dropped in between. */
  readonly incarnation: number | null;
  readonly heartbeatMs: number;
  readonly suspectMs: number;
}

/** It does not become a member. */
export interface JoinRefused {
  readonly type: 'refused';
  readonly message: string;
}

/** It is no member any more. The connection ends. */
export interface Dropped {
  readonly type: 'dropped';
  readonly message: string;
}

export interface ViewChanged {
  readonly type: 'view';
  readonly view: View;
}

/** What the member said is known to all who are connected. */
export interface Done {
  readonly type: 'done';
}

export type ToManager = Join | Watch | Beat | Drain | Leave;
export type FromManager = Admitted | JoinRefused | Dropped | ViewChanged | Beat | Done;

const count = z.int().min(0);
const name = z.string().min(1).max(LIMITS.nameLength);
const candidate = z.strictObject({
  name,
  role: z.enum(['worker', 'coordinator']),
  host: z.string().min(1).max(WIRE_LIMITS.hostLength),
  port: z.int().min(1).max(65_535),
  pid: count,
  labels: z.array(name).max(LIMITS.labels),
  executors: count,
  draining: z.boolean(),
}) satisfies z.ZodType<Candidate>;
const member = candidate.extend({ incarnation: count }) satisfies z.ZodType<Member>;
const view = z.strictObject({ version: count, members: z.array(member).max(LIMITS.members) }) satisfies z.ZodType<View>;
const beat = z.strictObject({ type: z.literal('beat') });
const message = z.string();
const interval = z.number().positive();

const toManager: z.ZodType<ToManager> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('join'), candidate, incarnation: count.nullable(), known: view.nullable() }),
  z.strictObject({ type: z.literal('watch'), known: view.nullable() }),
  beat,
  z.strictObject({ type: z.literal('drain'), draining: z.boolean() }),
  z.strictObject({ type: z.literal('leave') }),
]);
const fromManager: z.ZodType<FromManager> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('admitted'), incarnation: count.nullable(), heartbeatMs: interval, suspectMs: interval }),
  z.strictObject({ type: z.literal('refused'), message }),
  z.strictObject({ type: z.literal('dropped'), message }),
  z.strictObject({ type: z.literal('view'), view }),
  beat,
  z.strictObject({ type: z.literal('done') }),
]);

const FROM_MANAGER = checkedHeads(fromManager);
const TO_MANAGER = checkedHeads(toManager);

/** Either end may tell the other of a view. */
const limits = { frameBytes: WIRE_LIMITS.viewBytes, headBytes: WIRE_LIMITS.viewBytes };

/** What the manager speaks. */
export const MANAGER_SIDE: Protocol<FromManager, ToManager> = {
  sends: FROM_MANAGER,
  receives: TO_MANAGER,
  limits,
  complaint: ({ message }) => ({ type: 'refused', message }),
};

/** What a member speaks, and whoever watches. */
export const MEMBER_SIDE: Protocol<ToManager, FromManager> = { sends: TO_MANAGER, receives: FROM_MANAGER, limits };
