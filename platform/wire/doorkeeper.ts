import { PheromoneError } from '../core/errors.ts';
import { isSameProof, NO_NONCE, newNonce, proofOf } from './challenge.ts';
import {
  type Challenge,
  type GreetingMessage,
  type Hello,
  type Identity,
  type Peer,
  PROTOCOL_VERSION,
  type Proof,
} from './greeting-messages.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Security } from './security.ts';
import type { WrongProofs } from './wrong-proofs.ts';

/** Whoever stands at the door. */
interface Guest {
  readonly address: string;
  /** What only the two ends of the connection know; empty without TLS. */
  readonly channel: () => Uint8Array;
}

/** The end that listens, until it lets the other one in: what it says, and whom it believes. */
export class Doorkeeper {
  readonly #self: Identity;
  readonly #secret: Security['secret'];
  readonly #wrongProofs: WrongProofs;
  readonly #guest: Guest;
  #hello: Hello | undefined;
  #nonce: Uint8Array = NO_NONCE;

  constructor(self: Identity, secret: Security['secret'], wrongProofs: WrongProofs, guest: Guest) {
    this.#self = self;
    this.#secret = secret;
    this.#wrongProofs = wrongProofs;
    this.#guest = guest;
  }

  /** What to say to a message of the greeting, or who may come in. Throws what is wrong with the other end. */
  answer(message: GreetingMessage): Challenge | Peer {
    if (message.type === 'proof' && this.#hello !== undefined) return this.#check(message, this.#hello);
    if (message.type !== 'hello' || this.#hello !== undefined) {
      throw new PheromoneError(
        'BAD_MESSAGE',
        `expected ${this.#hello === undefined ? 'hello' : 'proof'} in a greeting, got ${message.type}`,
      );
    }
    if (message.version !== PROTOCOL_VERSION) {
      throw new PheromoneError('BAD_MESSAGE', `expected protocol version ${PROTOCOL_VERSION}, got ${message.version}`);
    }
    const { role, name, pid, nonce } = message;
    if (this.#secret !== undefined) return this.#challenge(message, this.#secret);
    if (nonce.length > 0) throw new PheromoneError('UNAUTHENTICATED', 'expected a peer without a cluster secret, got one with');
    return { role, name, pid };
  }

  #challenge(hello: Hello, secret: string | Uint8Array): Challenge {
    if (hello.nonce.length !== WIRE_LIMITS.nonceBytes) {
      throw new PheromoneError('UNAUTHENTICATED', 'expected a peer with the cluster secret, got one without');
    }
    this.#checkAddress();
    this.#hello = hello;
    this.#nonce = newNonce();
    return { type: 'challenge', ...this.#self, nonce: this.#nonce, proof: this.#proofBy('listener', hello, secret) };
  }

  #check({ proof }: Proof, hello: Hello): Peer {
    // Again: any number of challenges may have been asked for before the first answer.
    this.#checkAddress();
    if (!isSameProof(proof, this.#proofBy('dialler', hello, this.#secret as string | Uint8Array))) {
      this.#wrongProofs.add(this.#guest.address, performance.now());
      throw new PheromoneError('UNAUTHENTICATED', 'expected proof of the cluster secret, got a wrong one');
    }
    return { role: hello.role, name: hello.name, pid: hello.pid };
  }

  #checkAddress(): void {
    const { address } = this.#guest;
    if (!this.#wrongProofs.isOver(address, performance.now())) return;
    throw new PheromoneError('UNAUTHENTICATED', `${address}: expected fewer wrong proofs of the cluster secret; try again later`);
  }

  #proofBy(end: 'dialler' | 'listener', hello: Hello, secret: string | Uint8Array): Uint8Array {
    const listener = { ...this.#self, nonce: this.#nonce };
    return proofOf(secret, end, { dialler: hello, listener, channel: this.#guest.channel() });
  }
}
