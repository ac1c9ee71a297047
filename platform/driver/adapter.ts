/** Runs in the executors: lets a workload's function body see a Pheromone invocation as its context. */
import { checkEmitted, loadBody } from '../../workloads/api/run-body.ts';
import type { Input } from '../../workloads/api/workflow.ts';
import type { FunctionBody, Library, ReceivedObject } from '../executor/library.ts';
import { type AdapterConfig, JOIN_PREFIX } from './compile.ts';

/** The factory that every function of a compiled workflow is registered with. */
export async function adapt(config: AdapterConfig): Promise<FunctionBody> {
  const body = await loadBody(config.name, config.spec);
  return (library) => {
    let emitted = 0;
    return body({
      get inputs() {
        return library.inputs.map((object) => new AdaptedInput(object));
      },
      get signal() {
        return library.signal;
      },
      allocate: (size) => library.allocate(size),
      emit(bytes, label) {
        const { key, group } = checkEmitted(config, emitted++, bytes, label);
        send(library, config, bytes, key, group);
      },
    });
  };
}

function send(library: Library, { routes, terminal }: AdapterConfig, bytes: Uint8Array, key: string, group: string): void {
  const stored = routes.length + Number(terminal) > 1 ? inObjectMemory(library, bytes) : bytes;
  for (const { bucket, key: own } of routes) {
    library.send(stored, own === undefined ? { bucket, key, group } : { bucket, key: own, group: packLabel(key, group) });
  }
  if (terminal) library.send(stored, { key, group }, { output: true });
}

/** Sent to several buckets, bytes from elsewhere are copied once, not once for each. */
function inObjectMemory(library: Library, bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = library.allocate(bytes.length);
  copy.set(bytes);
  return copy;
}

function packLabel(key: string, group: string): string {
  return key === '' && group === '' ? '' : `${key.length}:${key}${group}`;
}

function unpackLabel(packed: string): { key: string; group: string } {
  if (packed === '') return { key: '', group: '' };
  const colon = packed.indexOf(':');
  const end = colon + 1 + Number(packed.slice(0, colon));
  return { key: packed.slice(colon + 1, end), group: packed.slice(end) };
}

class AdaptedInput implements Input {
  readonly #object: ReceivedObject;

  constructor(object: ReceivedObject) {
    this.#object = object;
  }

  get from(): string {
    return this.#object.source;
  }

  get bytes(): Uint8Array {
    return this.#object.bytes;
  }

  get key(): string {
    return this.#isJoined ? unpackLabel(this.#object.group).key : this.#object.key;
  }

  get group(): string {
    return this.#isJoined ? unpackLabel(this.#object.group).group : this.#object.group;
  }

  get #isJoined(): boolean {
    return this.#object.bucket.startsWith(JOIN_PREFIX);
  }
}
