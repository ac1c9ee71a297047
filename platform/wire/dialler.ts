import { PheromoneError } from '../core/errors.ts';
import { isSameProof, NO_NONCE, newNonce, proofOf } from './challenge.ts';
import {
  type Challenge,
  type GreetingMessage,
  type Hello,
  type Identity,
  PROTOCOL_VERSION,
  type Proof,
  type Welcome,
} from './greeting-messages.ts';
import type { Security } from './security.ts';

/** The end that dials, until it is welcome: what it says, and whom it believes. */
export class Dialler {
  readonly hello: Hello;
  readonly #where: string;
  readonly #secret: Security['secret'];
  readonly #channel: () => Uint8Array;
  /** Who has proven to know the secret. */
  #proven: Challenge | undefined;

  constructor(where: string, self: Identity, secret: Security['secret'], channel: () => Uint8Array) {
    this.#where = where;
    this.#secret = secret;
    this.#channel = channel;
    const nonce = secret === undefined ? NO_NONCE : newNonce();
    this.hello = { type: 'hello', version: PROTOCOL_VERSION, ...self, pid: process.pid, nonce };
  }

  /** What to say to a message of the greeting, or the `welcome` that ends it. Throws what is wrong with the other end. */
  answer(message: GreetingMessage): Proof | Welcome {
    if (message.type === 'refused') throw new PheromoneError(message.code, message.message);
    if (message.type === 'challenge' && this.#proven === undefined) return this.#prove(message);
    if (message.type !== 'welcome') throw this.#fault('BAD_MESSAGE', `a welcome of version ${PROTOCOL_VERSION}`, message.type);
    if (message.version !== PROTOCOL_VERSION) {
      throw this.#fault('BAD_MESSAGE', `a welcome of version ${PROTOCOL_VERSION}`, `version ${message.version}`);
    }
    if (this.#secret === undefined) return message;
    if (this.#proven === undefined) throw this.#fault('UNAUTHENTICATED', 'proof of the cluster secret', 'a welcome without');
    const { role, name } = this.#proven;
    if (role !== message.role || name !== message.name)
      throw this.#fault('UNAUTHENTICATED', `${role} ${name}`, 'the welcome of another one');
    return message;
  }

  #prove(challenge: Challenge): Proof {
    const secret = this.#secret;
    if (secret === undefined) throw this.#fault('UNAUTHENTICATED', 'none that asks for proof of a cluster secret', 'one');
    const transcript = { dialler: this.hello, listener: challenge, channel: this.#channel() };
    if (!isSameProof(challenge.proof, proofOf(secret, 'listener', transcript))) {
      throw this.#fault('UNAUTHENTICATED', 'proof of the cluster secret', 'a wrong one');
    }
    this.#proven = challenge;
    return { type: 'proof', proof: proofOf(secret, 'dialler', transcript) };
  }

  #fault(code: 'BAD_MESSAGE' | 'UNAUTHENTICATED', expected: string, got: string): PheromoneError {
    return new PheromoneError(code, `${this.#where}: expected ${expected}, got ${got}`);
  }
}
