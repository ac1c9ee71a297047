/** The messages that a connection begins with, and their heads. */
import type { ErrorCode } from '../core/errors.ts';
import type { Protocol } from './connection.ts';
import { bad, bytes, length, list, name, natural, noPayload, text } from './fields.ts';
import { WIRE_LIMITS } from './limits.ts';

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
export const PROTOCOL_VERSION = 5;

interface Greeting extends Identity {
  readonly version: number;
  readonly pid: number;
}

/** First message of the end that dials. Answer: `welcome`, with a secret `challenge`, or `refused`. */
export interface Hello extends Greeting {
  readonly type: 'hello';
  /** Empty: without a secret. */
  readonly nonce: Uint8Array;
}

/** The end that listens proves that it knows the secret, and asks for the same. Answer: `proof`. */
export interface Challenge extends Identity {
  readonly type: 'challenge';
  readonly nonce: Uint8Array;
  readonly proof: Uint8Array;
}

/** Answer: `welcome` or `refused`. */
export interface Proof {
  readonly type: 'proof';
  readonly proof: Uint8Array;
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

export type GreetingMessage = Hello | Challenge | Proof | Welcome | Refused;

/** No other message has one of these tags: a peer that has lost its way is told so, not misunderstood. */
const TAG = { hello: 240, welcome: 241, refused: 242, challenge: 243, proof: 244 } as const;
const ROLES: readonly Role[] = ['client', 'worker', 'coordinator', 'manager'];
const NOBODY: Peer = { role: 'client', name: '', pid: 0 };

export const GREETING_PROTOCOL: Protocol<GreetingMessage, GreetingMessage> = {
  sends: { toFields, fromFields },
  receives: { toFields, fromFields },
  limits: { frameBytes: WIRE_LIMITS.greetingBytes, headBytes: WIRE_LIMITS.greetingBytes },
  complaint: ({ code, message }) => ({ type: 'refused', code, message }),
};

function toFields(message: GreetingMessage): readonly unknown[] {
  switch (message.type) {
    case 'hello':
      return [TAG.hello, message.version, message.role, message.name, message.pid, message.nonce];
    case 'challenge':
      return [TAG.challenge, message.role, message.name, message.nonce, message.proof];
    case 'proof':
      return [TAG.proof, message.proof];
    case 'welcome':
      return [TAG.welcome, message.version, message.role, message.name, message.pid];
    case 'refused':
      return [TAG.refused, message.code, message.message];
  }
}

function fromFields(fields: unknown, payloadBytes: number): GreetingMessage {
  const f = list(fields, 'head');
  noPayload(payloadBytes);
  switch (f[0]) {
    case TAG.hello:
      return readHello(f);
    case TAG.challenge:
      length(f, 5, 'challenge');
      return { type: 'challenge', ...readIdentity(f, 1), nonce: bytes(f[3], 'challenge.nonce'), proof: bytes(f[4], 'challenge.proof') };
    case TAG.proof:
      length(f, 2, 'proof');
      return { type: 'proof', proof: bytes(f[1], 'proof.proof') };
    case TAG.welcome:
      return readWelcome(f);
    case TAG.refused:
      length(f, 3, 'refused');
      return { type: 'refused', code: text(f[1], 'refused.code') as ErrorCode, message: text(f[2], 'refused.message') };
    default:
      throw bad('head', 'the tag of a greeting', f[0]);
  }
}

function readHello(f: readonly unknown[]): Hello {
  const version = natural(f[1], 'hello.version');
  // The rest of another version may look different.
  if (version !== PROTOCOL_VERSION) return { type: 'hello', version, ...NOBODY, nonce: new Uint8Array(0) };
  length(f, 6, 'hello');
  return { type: 'hello', version, ...readIdentity(f, 2), pid: natural(f[4], 'hello.pid'), nonce: bytes(f[5], 'hello.nonce') };
}

function readWelcome(f: readonly unknown[]): Welcome {
  const version = natural(f[1], 'welcome.version');
  if (version !== PROTOCOL_VERSION) return { type: 'welcome', version, ...NOBODY };
  length(f, 5, 'welcome');
  return { type: 'welcome', version, ...readIdentity(f, 2), pid: natural(f[4], 'welcome.pid') };
}

function readIdentity(f: readonly unknown[], at: number): Identity {
  const role = ROLES.find((known) => known === f[at]);
  if (role === undefined) throw bad('greeting.role', `one of ${ROLES.join(', ')}`, f[at]);
  return { role, name: name(f[at + 1], 'greeting.name') };
}
