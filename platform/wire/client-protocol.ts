/** What clients and those who serve them speak after the greeting. */
import { CLIENT_HEADS } from './client-heads.ts';
import type { Connection, Protocol } from './connection.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { ClientMessage, NodeMessage } from './messages.ts';
import { NODE_HEADS } from './node-heads.ts';

/** A client, as a node sees it. */
export type ClientConnection = Connection<NodeMessage, ClientMessage>;
/** A node, as a client sees it. */
export type NodeConnection = Connection<ClientMessage, NodeMessage>;

/** The client's side. */
export const CLIENT_SIDE: Protocol<ClientMessage, NodeMessage> = { sends: CLIENT_HEADS, receives: NODE_HEADS };

/** The node's side. */
export const NODE_SIDE: Protocol<NodeMessage, ClientMessage> = {
  sends: NODE_HEADS,
  receives: CLIENT_HEADS,
  limits: { frameBytes: WIRE_LIMITS.frameBytes, headBytes: WIRE_LIMITS.clientHeadBytes },
  unreadBytes: WIRE_LIMITS.unreadBytes,
  complaint: ({ code, message }) => ({ type: 'failed', id: 0, code, message }),
};
