/** The durable store on any server that speaks S3. */
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'minio';
import { PheromoneError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { type DurableStore, guardStore, type StoreEngine } from './durable-store.ts';
import { STORE_LIMITS } from './limits.ts';
import { mayPass, openTransport } from './s3-transport.ts';

/** How to reach an S3 server. */
export interface S3Config {
  /** `http://host:port` or `https://host:port`; nothing after it. */
  readonly endpoint: string;
  /** Created where it does not exist. */
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Default `us-east-1`. */
  readonly region?: string;
  /** Values beyond this size go in parts of this size; at least 5 MiB. Default `STORE_LIMITS.partBytes`. */
  readonly partBytes?: number;
  /** How long the server may let a connection stand still that it owes something on. Default `STORE_LIMITS.idleMs`. */
  readonly idleMs?: number;
}

/** Connects and makes sure of the bucket. Throws `STORE_FAILED`, and `INVALID_ARGUMENT` for a config that fits no server. */
export async function openS3Store(config: S3Config): Promise<DurableStore> {
  const engine = new S3Engine(config);
  try {
    await engine.ensureBucket();
  } catch (error) {
    await engine.close();
    throw new PheromoneError('STORE_FAILED', `${engine.name}: could not open it: ${(error as Error).message}`);
  }
  return guardStore(engine);
}

class S3Engine implements StoreEngine {
  readonly name: string;
  readonly #client: Client;
  readonly #bucket: string;
  readonly #partBytes: number;
  readonly #secrets: readonly string[];
  readonly #disconnect: () => void;

  constructor(config: S3Config) {
    const { bucket, accessKey, secretKey, region = 'us-east-1', partBytes = STORE_LIMITS.partBytes, idleMs = STORE_LIMITS.idleMs } = config;
    const endpoint = parseEndpoint(config.endpoint);
    this.name = `S3 store ${endpoint.host}/${bucket}`;
    this.#bucket = bucket;
    this.#partBytes = partBytes;
    this.#secrets = [secretKey, accessKey];
    const carrier = openTransport(endpoint.protocol, idleMs);
    this.#disconnect = () => carrier.transportAgent.destroy();
    try {
      this.#client = new Client({
        endPoint: endpoint.hostname,
        port: Number(endpoint.port) || (endpoint.protocol === 'https:' ? 443 : 80),
        useSSL: endpoint.protocol === 'https:',
        accessKey,
        secretKey,
        region,
        partSize: partBytes,
        ...carrier,
        retryOptions: { disableRetry: true }, // its own retries write to the console, and leave out broken connections
      });
    } catch (error) {
      throw new PheromoneError('INVALID_ARGUMENT', `${this.name}: ${this.#describe(error)}`);
    }
  }

  async ensureBucket(): Promise<void> {
    if (await this.#try(() => this.#client.bucketExists(this.#bucket))) return;
    try {
      await this.#try(() => this.#client.makeBucket(this.#bucket));
    } catch (error) {
      if (!(await this.#try(() => this.#client.bucketExists(this.#bucket)))) throw error; // or another one was first
    }
  }

  async put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (value.length <= this.#partBytes) await this.#try(() => this.#client.putObject(this.#bucket, nameOf(key), value, value.length));
    else await this.#putParts(nameOf(key), value);
  }

  /** The client's own upload in parts goes on with any upload of the key that it finds under way, another process's too. */
  async #putParts(name: string, value: Buffer): Promise<void> {
    const headers = { 'Content-Type': 'application/octet-stream' };
    const uploadID = await this.#try(() => this.#client.initiateNewMultipartUpload(this.#bucket, name, headers));
    try {
      const parts: { part: number; etag: string }[] = [];
      for (let at = 0; at < value.length; at += this.#partBytes) {
        const which = { bucketName: this.#bucket, objectName: name, uploadID, partNumber: parts.length + 1, headers: {} };
        const part = value.subarray(at, at + this.#partBytes);
        parts.push({ part: which.partNumber, etag: (await this.#try(() => this.#client.uploadPart(which, part))).etag });
      }
      await this.#try(() => this.#client.completeMultipartUpload(this.#bucket, name, uploadID, parts));
    } catch (error) {
      await this.#client.abortMultipartUpload(this.#bucket, name, uploadID).catch(() => {}); // the first error is what counts
      throw error;
    }
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#try(async () => {
      try {
        return await readAll((await this.#client.getObject(this.#bucket, nameOf(key))) as IncomingMessage);
      } catch (error) {
        if ((error as { code?: unknown }).code === 'NoSuchKey') return undefined;
        throw error;
      }
    });
  }

  async delete(key: string): Promise<void> {
    await this.#try(() => this.#client.removeObject(this.#bucket, nameOf(key)));
  }

  async page(prefix: string, after: string): Promise<readonly string[]> {
    const start = after === '' ? '' : nameOf(after);
    const { objects } = await this.#try(() => this.#client.listObjectsV2Query(this.#bucket, prefix, '', '', STORE_LIMITS.pageKeys, start));
    return objects.map(({ name }) => keyOf(name as string)).filter((key) => key.startsWith(prefix));
  }

  async close(): Promise<void> {
    this.#disconnect();
  }

  /** Runs one request, again and ever later while it fails in a way that may pass. What it throws names no credential. */
  async #try<T>(request: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await request();
      } catch (error) {
        if (!mayPass(error)) throw new Error(this.#describe(error));
        if (attempt === STORE_LIMITS.attempts) throw new Error(`${this.#describe(error)} (${attempt} attempts)`);
        await pause(STORE_LIMITS.retryPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
      }
    }
  }

  /** The error's code and message. Servers answer a wrong signature with what they were sent: no credential may come through. */
  #describe(error: unknown): string {
    const { code = '', message = String(error) } = error as { code?: string; message?: string };
    const text = message.includes(code) ? message : `${code}: ${message}`;
    return this.#secrets.reduce((said, secret) => (secret === '' ? said : said.replaceAll(secret, '***')), text);
  }
}

/** Servers that keep objects in folders leave what lies below an object out of lists: with a mark at its end none is a folder of another. */
const MARK = '!';

function nameOf(key: string): string {
  return key + MARK;
}

function keyOf(name: string): string {
  return name.slice(0, -MARK.length);
}

function parseEndpoint(endpoint: string): URL {
  const url = URL.parse(endpoint);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && `${url.protocol}//${url.host}/` === url.href;
  // Without what came, since that may hold credentials.
  if (!isPlain)
    throw new PheromoneError('INVALID_ARGUMENT', 'S3 store: expected an endpoint of the form http://host:port or https://host:port');
  return url;
}

/** Reads an answer of the length that it announces. */
async function readAll(answer: IncomingMessage): Promise<Uint8Array> {
  const length = Number(answer.headers['content-length']);
  if (!(length <= LIMITS.objectBytes)) {
    answer.destroy();
    throw new Error(`expected a length of at most ${LIMITS.objectBytes} bytes, got ${length}`);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for await (const chunk of answer) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  if (at !== length) throw new Error(`expected ${length} bytes, got ${at}`);
  return bytes;
}
