import { WIRE_LIMITS } from './limits.ts';

interface Count {
  readonly sinceMs: number;
  wrong: number;
}

/** How often each address has lately failed to prove the secret. Times are those of one monotonic clock, in milliseconds. */
export class WrongProofs {
  /** In the order in which they began. */
  readonly #byAddress = new Map<string, Count>();

  /** Whether an address has had its share for now. */
  isOver(address: string, nowMs: number): boolean {
    const count = this.#byAddress.get(address);
    return count !== undefined && nowMs - count.sinceMs < WIRE_LIMITS.wrongProofsMs && count.wrong >= WIRE_LIMITS.wrongProofs;
  }

  add(address: string, nowMs: number): void {
    this.#forget(nowMs);
    const count = this.#byAddress.get(address) ?? { sinceMs: nowMs, wrong: 0 };
    count.wrong += 1;
    this.#byAddress.set(address, count);
  }

  /** Forgets those whose time is over, and the oldest ones where there are too many. */
  #forget(nowMs: number): void {
    for (const [address, { sinceMs }] of this.#byAddress) {
      const isFull = this.#byAddress.size >= WIRE_LIMITS.wrongProofAddresses;
      if (!isFull && nowMs - sinceMs < WIRE_LIMITS.wrongProofsMs) return;
      this.#byAddress.delete(address);
    }
  }
}
