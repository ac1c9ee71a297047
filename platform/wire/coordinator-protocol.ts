/** What a coordinator and a worker node speak after the greeting. */
import { CLIENT_HEADS } from './client-heads.ts';
import type { Connection, Protocol } from './connection.ts';
import { COORDINATOR_HEADS, COORDINATOR_TAGS, WORKER_HEADS, WORKER_TAGS } from './coordinator-heads.ts';
import type { CoordinatorMessage, WorkerMessage } from './coordinator-messages.ts';
import { joinHeads } from './heads.ts';
import { NODE_HEADS } from './node-heads.ts';

/** A worker, as a coordinator sees it. */
export type WorkerConnection = Connection<CoordinatorMessage, WorkerMessage>;
/** A coordinator, as a worker sees it. */
export type CoordinatorConnection = Connection<WorkerMessage, CoordinatorMessage>;

const FROM_COORDINATOR = joinHeads(CLIENT_HEADS, COORDINATOR_HEADS, COORDINATOR_TAGS);
const FROM_WORKER = joinHeads(NODE_HEADS, WORKER_HEADS, WORKER_TAGS);

/** The side of the coordinator, which dials. */
export const COORDINATOR_SIDE: Protocol<CoordinatorMessage, WorkerMessage> = { sends: FROM_COORDINATOR, receives: FROM_WORKER };

/** The side of the worker, which is dialled. */
export const WORKER_SIDE: Protocol<WorkerMessage, CoordinatorMessage> = {
  sends: FROM_WORKER,
  receives: FROM_COORDINATOR,
  complaint: ({ code, message }) => ({ type: 'failed', id: 0, code, message }),
};
