/** What happens on a simulated node. */
import type { AppEffect, SessionEffect } from '../effect.ts';
import type { SessionRequest } from '../node.ts';
import type { Expectation, ObjectMeta } from '../trigger.ts';
import type { Told } from './models.ts';

/** Something that the core is to be told. */
export type Mail =
  | { readonly type: 'object' | 'app-object' | 'output'; readonly object: ObjectMeta }
  | { readonly type: 'expected'; readonly expected: Expectation }
  | { readonly type: 'started' }
  | { readonly type: 'failed' }
  /** Its thread has ended, and an invocation like it begins on another. */
  | { readonly type: 'died' }
  | { readonly type: 'ended' };

export interface Invocation {
  readonly session: number;
  readonly fn: number;
  /** Numbered when its start is told; what it does is told later. */
  readonly run: { invocation: number; first: number };
  /** What its thread has done and the core has not been told; in order for one invocation, in no order among several. */
  readonly mail: Mail[];
  ended: boolean;
}

/** What a session was told and what came of it. */
export interface History {
  readonly request: SessionRequest;
  readonly openedMs: number;
  readonly told: Told[];
  readonly outputs: ObjectMeta[];
  readonly effects: SessionEffect[];
  /** By watch set: invocations under way. */
  readonly counts: number[];
  /** The invocations whose start was told, by their numbers. */
  readonly started: Invocation[];
  /** How many invocations failed before the session was over. */
  failures: number;
}

/** What triggers of scope `app` were told and what came of it. */
export interface AppHistory {
  readonly told: Told[];
  readonly effects: AppEffect[];
  /** Copies that the host holds, by reference. */
  readonly copies: Set<number>;
}

/** Whether the caller has been answered, well or not. */
export function isOver({ effects }: History): boolean {
  return effects.some(({ type }) => type === 'answer' || type === 'fail');
}
