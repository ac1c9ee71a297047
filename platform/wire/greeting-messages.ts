/** The messages that a connection begins with, and their heads. */
import type { ErrorCode } from '../core/errors.ts';
import type { Protocol } from './connection.ts';
import { bad, length, list, natural, noPayload, text } from './fields.ts';

/** What a process is to others. */
export type Role = 'client' | 'worker' | 'coordinator' | 'manager';

/** How a process names itself. */
export interface Identity {
  readonly role: Role;
  /** Unique among the members of a cluster; of no consequence for clients. */
  readonly name: string;
}

/** The other end of a connection. */
export interface Peer extends Identity {
  readonly pid: number;
}

/** Changes with every change of a message or of how it is encoded, whatever two roles it is between. */
export const PROTOCOL_VERSION = 3;

interface Greeting extends Identity {
  readonly version: number;
  readonly pid: number;
}

/** First message of the end that dials. Answer: `welcome` or `refused`. */
export interface Hello extends Greeting {
  readonly type: 'hello';
}

/** From here on both ends speak the protocol of their roles. */
export interface Welcome extends Greeting {
  readonly type: 'welcome';
}

/** The connection ends. */
export interface Refused {
  readonly type: 'refused';
  readonly code: ErrorCode;
  readonly message: string;
}

export type GreetingMessage = Hello | Welcome | Refused;

/** No other message has one of these tags: a peer that has lost its way is told so, not misunderstood. */
const TAG = { hello: 240, welcome: 241, refused: 242 } as const;
const ROLES: readonly Role[] = ['client', 'worker', 'coordinator', 'manager'];

export const GREETING_PROTOCOL: Protocol<GreetingMessage, GreetingMessage> = {
  sends: { toFields, fromFields },
  receives: { toFields, fromFields },
  complaint: ({ code, message }) => ({ type: 'refused', code, message }),
};

function toFields(message: GreetingMessage): readonly unknown[] {
  if (message.type === 'refused') return [TAG.refused, message.code, message.message];
  return [TAG[message.type], message.version, message.role, message.name, message.pid];
}

function fromFields(fields: unknown, payloadBytes: number): GreetingMessage {
  const f = list(fields, 'head');
  noPayload(payloadBytes);
  if (f[0] === TAG.refused) {
    length(f, 3, 'refused');
    return { type: 'refused', code: text(f[1], 'refused.code') as ErrorCode, message: text(f[2], 'refused.message') };
  }
  const type = f[0] === TAG.hello ? 'hello' : f[0] === TAG.welcome ? 'welcome' : undefined;
  if (type === undefined) throw bad('head', 'the tag of a greeting', f[0]);
  // The version first: the rest of another version may look different.
  const version = natural(f[1], `${type}.version`);
  if (version !== PROTOCOL_VERSION) return { type, version, role: 'client', name: '', pid: 0 };
  length(f, 5, type);
  const role = ROLES.find((known) => known === f[2]);
  if (role === undefined) throw bad(`${type}.role`, `one of ${ROLES.join(', ')}`, f[2]);
  return { type, version, role, name: text(f[3], `${type}.name`), pid: natural(f[4], `${type}.pid`) };
}
