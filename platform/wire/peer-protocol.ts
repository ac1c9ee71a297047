/** What worker nodes speak with each other after the greeting. */
import type { Connection, Protocol } from './connection.ts';
import { PEER_REPORT_HEADS, PEER_REQUEST_HEADS } from './peer-heads.ts';
import type { PeerReport, PeerRequest } from './peer-messages.ts';

/** A guest, as the home of its sessions sees it. */
export type GuestConnection = Connection<PeerRequest, PeerReport>;
/** The home of sessions, as their guest sees it. */
export type HomeConnection = Connection<PeerReport, PeerRequest>;

/** The side of the node that dials. */
export const HOME_SIDE: Protocol<PeerRequest, PeerReport> = { sends: PEER_REQUEST_HEADS, receives: PEER_REPORT_HEADS };

/** The side of the node that is dialled. */
export const GUEST_SIDE: Protocol<PeerReport, PeerRequest> = { sends: PEER_REPORT_HEADS, receives: PEER_REQUEST_HEADS };
