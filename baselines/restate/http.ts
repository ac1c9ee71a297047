/** Requests to the two HTTP interfaces of a Restate server. */
import { Pool } from 'undici';
import { DriverError } from '../../workloads/api/driver.ts';
import { messageOf } from '../../workloads/api/run-body.ts';
import { type Call, callSerde, type Ended, endedSerde } from './envelope.ts';
import { fromStatus } from './errors.ts';
import type { Ports } from './host-messages.ts';

/** What identifies a run to Restate: the key of a workflow, or an idempotency key. */
export interface Target {
  readonly service: string;
  readonly key: string;
  readonly isKeyed: boolean;
}

export class RestateHttp {
  readonly #ingress: Pool;
  readonly #admin: Pool;

  constructor({ ingress, admin }: Ports) {
    // A request lasts as long as its run; Restate itself bounds how many run at once.
    const options = { connections: null, headersTimeout: 0, bodyTimeout: 0 };
    this.#ingress = new Pool(`http://127.0.0.1:${ingress}`, options);
    this.#admin = new Pool(`http://127.0.0.1:${admin}`, options);
  }

  /** Runs the orchestrating handler and waits for its result. */
  async run(target: Target, call: Call): Promise<Ended> {
    return endedSerde.deserialize(await this.#call(target, '', call));
  }

  /** Has the orchestrating handler run; resolves with the invocation's id once Restate has recorded it. */
  async send(target: Target, call: Call): Promise<string> {
    const answer = await this.#call(target, '/send', call);
    return (JSON.parse(Buffer.from(answer).toString()) as { readonly invocationId: string }).invocationId;
  }

  /** Makes Restate discover the services behind a URI; resolves with the id of what it calls a deployment. */
  async register(uri: string): Promise<string> {
    const { id } = (await this.#manage('POST', '/deployments', { uri })) as { readonly id: string };
    return id;
  }

  async unregister(deployment: string): Promise<void> {
    await this.#manage('DELETE', `/deployments/${deployment}?force=true`);
  }

  /** `cancel`: handlers hear of it and end by themselves; `kill`: the whole tree of calls ends at once. */
  async stop(invocation: string, how: 'cancel' | 'kill'): Promise<void> {
    await this.#manage('PATCH', `/invocations/${invocation}/${how}`);
  }

  /** Ids of invocations that are not over and for which an SQL condition on `sys_invocation` holds. */
  async underWay(condition: string): Promise<readonly string[]> {
    const query = `SELECT id FROM sys_invocation WHERE status <> 'completed' AND ${condition}`;
    const { rows } = (await this.#manage('POST', '/query', { query })) as { readonly rows: readonly { readonly id: string }[] };
    return rows.map(({ id }) => id);
  }

  /** Ends all connections; requests under way reject. */
  async close(): Promise<void> {
    await Promise.all([this.#ingress.destroy(), this.#admin.destroy()]);
  }

  async #call({ service, key, isKeyed }: Target, suffix: string, call: Call): Promise<Uint8Array> {
    const path = `/${service}/${isKeyed ? `${key}/` : ''}run${suffix}`;
    const headers = { 'content-type': callSerde.contentType, ...(isKeyed ? {} : { 'idempotency-key': key }) };
    const { status, bytes } = await this.#request(this.#ingress, 'POST', path, headers, callSerde.serialize(call));
    if (status < 300) return bytes;
    throw fromStatus(status, errorText(bytes));
  }

  async #manage(method: Method, path: string, body?: object): Promise<unknown> {
    const headers = { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const { status, bytes } = await this.#request(this.#admin, method, path, headers, body && JSON.stringify(body));
    if (status < 300) return bytes.length === 0 ? undefined : JSON.parse(Buffer.from(bytes).toString());
    throw new DriverError('PLATFORM_FAILED', `${method} ${path}: expected Restate to do it, got status ${status}: ${errorText(bytes)}`);
  }

  async #request(pool: Pool, method: Method, path: string, headers: Record<string, string>, body: string | Uint8Array | undefined) {
    try {
      const response = await pool.request({ method, path, headers, body: body ?? null });
      return { status: response.statusCode, bytes: await response.body.bytes() };
    } catch (cause) {
      throw new DriverError('PLATFORM_FAILED', `${method} ${path}: expected an answer of Restate, got: ${messageOf(cause)}`, { cause });
    }
  }
}

type Method = 'POST' | 'PATCH' | 'DELETE';

/** The message in an error of Restate's, which is JSON as a rule. */
function errorText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString();
  try {
    return (JSON.parse(text) as { readonly message?: string }).message ?? text;
  } catch {
    return text;
  }
}
