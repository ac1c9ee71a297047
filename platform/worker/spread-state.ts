/** What a session remembers of the other nodes that it is on. */
import type { ErrorCode, PheromoneError } from '../core/errors.ts';
import type { Invocation } from '../executor/ledger.ts';
import type { Report } from '../executor/reports.ts';
import type { Trace } from '../wire/messages.ts';
import type { StartedRun } from './started-runs.ts';

/** An invocation that a guest was given and has not given back. */
export interface Given {
  readonly sequence: number;
  readonly invocation: Invocation;
}

/** What a session has on another node, as its home knows it. */
export interface GuestState {
  readonly node: string;
  given: Given[];
  sequence: number;
  /** Whether something that the guest did since all was given back has had an effect here. */
  hasActed: boolean;
  trace: Trace;
  /** The session's numbers for invocations whose start the guest has told, by the guest's numbers. */
  readonly started: Map<number, number>;
}

/** Names an object on the node that holds it. */
export interface Place {
  readonly node: string;
  readonly ref: number;
}

/** What a session knows of objects of other nodes. */
export interface ElsewhereState {
  /** Where the bytes of an absent object are. */
  readonly places: Map<number, Place>;
  /** References of those that came from other nodes, by where they came from. */
  readonly adopted: Map<string, number>;
  /** Who waits for an object's bytes. */
  readonly waiting: Map<number, ((error?: PheromoneError) => void)[]>;
}

/** What a session of which this node is a guest does about what happens in it: its home decides. */
export interface GuestRole<Session> {
  /** How other nodes name the session. */
  readonly home: string;
  readonly session: number;
  /** `run`: the one that the report is about, where the starts of its function are told. */
  reported(session: Session, report: Report, run: StartedRun | undefined): void;
  /** `invocation`: the number of the run that failed, if it is one's. */
  failed(session: Session, code: ErrorCode, message: string, invocation: number | undefined): void;
  sourcesDone(session: Session, set: number): void;
  quiet(session: Session): void;
}
