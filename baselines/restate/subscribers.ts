/** The way from the functions' processes to the driver that is not Restate's: what a streaming workflow gives out. */
import type { TerminalError } from '@restatedev/restate-sdk';
import { Pool } from 'undici';
import { type Ended, endedSerde } from './envelope.ts';

/** How a session failed. */
export interface FailedMessage {
  readonly run: string;
  readonly status: number;
  readonly message: string;
}

/** The driver's end of it: a server that answers once its listeners were called. */
export class Subscribers {
  readonly #pool: Pool;
  readonly #path: string;

  constructor(port: number, deployment: number) {
    this.#pool = new Pool(`http://127.0.0.1:${port}`);
    this.#path = `/${deployment}`;
  }

  publish(ended: Ended): Promise<void> {
    return this.#post('values', endedSerde.serialize(ended));
  }

  tellFailed(run: string, { code: status, message }: TerminalError): Promise<void> {
    const failed: FailedMessage = { run, status, message };
    return this.#post('failed', JSON.stringify(failed));
  }

  /** The session of a fed event is over and cannot be cancelled any more. */
  tellOver(run: string): Promise<void> {
    return this.#post('over', run);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Rejects, whereupon Restate tries again, if the driver does not answer. */
  async #post(what: string, body: string | Uint8Array): Promise<void> {
    const { body: answer } = await this.#pool.request({ method: 'POST', path: `${this.#path}/${what}`, body });
    await answer.dump();
  }
}
