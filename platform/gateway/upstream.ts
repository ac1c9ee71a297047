/** The gateway's connection to the platform, made anew whenever it is lost. */
import type { PheromoneClient, PlatformStatus } from '../client/pheromone-client.ts';
import { PheromoneError, toPheromoneError } from '../core/errors.ts';
import type { GatewayLimits } from './limits.ts';

/** Connects to the platform. */
export type Connect = () => Promise<PheromoneClient>;

export class Upstream {
  readonly #connect: Connect;
  readonly #limits: GatewayLimits;
  readonly #onChange: (fault: PheromoneError | undefined) => void;
  #client: PheromoneClient | undefined;
  /** Why there is no client. */
  #fault = new PheromoneError('DISCONNECTED', 'platform: not connected yet');
  #timer: NodeJS.Timeout | undefined;
  #delayMs: number;
  #isClosed = false;
  #isLost = false;

  /** `onChange` is told of every connection, and of what ended it or, once, of why none comes about. */
  constructor(connect: Connect, limits: GatewayLimits, onChange: (fault: PheromoneError | undefined) => void) {
    this.#connect = connect;
    this.#limits = limits;
    this.#onChange = onChange;
    this.#delayMs = limits.reconnectMinMs;
  }

  /** The client of the platform. Throws `DISCONNECTED` while there is none. */
  get client(): PheromoneClient {
    if (this.#client === undefined) throw this.#fault;
    return this.#client;
  }

  get isConnected(): boolean {
    return this.#client !== undefined;
  }

  /** What the platform is doing. Rejects with `DISCONNECTED`, and with `DEADLINE_EXCEEDED` where it does not say so in time. */
  async statusInTime(): Promise<PlatformStatus> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new PheromoneError('DEADLINE_EXCEEDED', `platform: expected its status within ${this.#limits.readyMs} ms, got none`));
    }, this.#limits.readyMs);
    try {
      return await Promise.race([this.client.status(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves after the first attempt, whatever came of it; never rejects. */
  async open(): Promise<void> {
    try {
      const client = await this.#connect();
      if (this.#isClosed) return void client.close();
      this.#client = client;
      this.#isLost = false;
      this.#delayMs = this.#limits.reconnectMinMs;
      this.#onChange(undefined);
      void client.ended.then((error) => this.#lost(error));
    } catch (error) {
      this.#lost(toPheromoneError(error));
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#client?.close();
  }

  #lost(error: PheromoneError): void {
    this.#client = undefined;
    if (this.#isClosed) return;
    this.#fault = new PheromoneError('DISCONNECTED', `platform: expected a connection, got: ${error.message}`, { cause: error });
    if (!this.#isLost) this.#onChange(this.#fault);
    this.#isLost = true;
    this.#timer = setTimeout(() => void this.open(), this.#delayMs);
    this.#delayMs = Math.min(2 * this.#delayMs, this.#limits.reconnectMaxMs);
  }
}
