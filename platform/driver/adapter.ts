/** Runs in the executors: lets a workload's function body see a Pheromone invocation as its context. */
import { checkEmitted, loadBody } from '../../workloads/api/run-body.ts';
import type { Input } from '../../workloads/api/workflow.ts';
import type { Destination, FunctionBody, Library, ReceivedObject } from '../executor/library.ts';
import { type AdapterConfig, JOIN_PREFIX, type Route } from './compile.ts';

/** Metadata of an item that ended without a value, so that its join does not wait for it. */
const ABSENT = 'absent';

/** The factory that every function of a compiled workflow is registered with. */
export async function adapt(config: AdapterConfig): Promise<FunctionBody> {
  const body = await loadBody(config.name, config.spec);
  return (library) => {
    let emitted = 0;
    const pending = body({
      get inputs() {
        return inputsOf(library);
      },
      get signal() {
        return library.signal;
      },
      allocate: (size) => library.allocate(size),
      emit(bytes, label) {
        const { key, group } = checkEmitted(config, emitted, bytes, label);
        emit(library, config, bytes, { key, group }, emitted++);
      },
    });
    const conclude = (): void => finish(library, config, emitted);
    return pending === undefined ? conclude() : pending.then(conclude);
  };
}

interface Label {
  readonly key: string;
  readonly group: string;
}

function emit(library: Library, { name, routes, terminal }: AdapterConfig, bytes: Uint8Array, label: Label, position: number): void {
  const stored = routes.length + Number(terminal) > 1 ? inObjectMemory(library, bytes) : bytes;
  for (const route of routes) library.send(stored, destination(library, name, route, label, position));
  if (terminal) library.send(stored, label, { output: true });
}

function destination(library: Library, name: string, { bucket, as }: Route, label: Label, position: number): Destination {
  switch (as) {
    case 'plain':
      return { bucket, ...label };
    case 'source':
      return { bucket, key: name, metadata: packLabel(label) };
    case 'item':
      return { bucket, ...label, metadata: `${library.serial}/${position}` };
    case 'joined':
      return { bucket, ...tagOf(library), metadata: packLabel(label) };
  }
}

/** Joins learn how many items there were, and of an item that it came to nothing. */
function finish(library: Library, { routes, expecting }: AdapterConfig, emitted: number): void {
  for (const bucket of expecting)
    library.expect(
      bucket,
      `${library.serial}`,
      Array.from({ length: emitted }, (_, i) => `${i}`),
    );
  if (emitted > 0) return;
  for (const { bucket, as } of routes) {
    if (as === 'joined') library.send(new Uint8Array(0), { bucket, ...tagOf(library), metadata: ABSENT });
  }
}

/** Group and key under which the join of this item's mapping function knows it. */
function tagOf({ inputs }: Library): Label {
  const tag = inputs[0]?.metadata ?? '';
  const slash = tag.indexOf('/');
  return { group: tag.slice(0, slash), key: tag.slice(slash + 1) };
}

function inputsOf({ inputs }: Library): readonly Input[] {
  return inputs.filter(({ metadata }) => metadata !== ABSENT).map((object) => new AdaptedInput(object));
}

/** Sent to several buckets, bytes from elsewhere are copied once, not once for each. */
function inObjectMemory(library: Library, bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = library.allocate(bytes.length);
  copy.set(bytes);
  return copy;
}

/** `length of the key : key group`; both may hold any characters. */
function packLabel({ key, group }: Label): string {
  return `${key.length}:${key}${group}`;
}

function unpackLabel(packed: string): Label {
  const colon = packed.indexOf(':');
  const end = colon + 1 + Number(packed.slice(0, colon));
  return { key: packed.slice(colon + 1, end), group: packed.slice(end) };
}

/** Reads of the object only what is asked for: most functions want the bytes alone. */
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
    return this.#label.key;
  }

  get group(): string {
    return this.#label.group;
  }

  get #label(): Label {
    return this.#object.bucket.startsWith(JOIN_PREFIX) ? unpackLabel(this.#object.metadata) : this.#object;
  }
}
