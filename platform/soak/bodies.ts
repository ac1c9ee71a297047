/** Functions of the soak: whatever they send names the call that it belongs to, so that nothing of another one goes unnoticed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FunctionBody, Library } from '../executor/library.ts';

/** The one call that all inputs belong to. */
function callOf({ inputs }: Library): string {
  const calls = new Set(inputs.map(({ bytes }) => textOf(bytes)));
  if (calls.size !== 1) throw new Error(`expected inputs of one call, got those of ${[...calls].join(', ')}`);
  return [...calls][0] as string;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** Adds its name to what came, and hands that on: into a bucket, or, without one, as output. */
export function hop({ to }: { to?: string }): FunctionBody {
  return (library) => {
    const bytes = Buffer.from(`${callOf(library)}>${library.fn}`);
    if (to === undefined) library.send(bytes, {}, { output: true });
    else library.send(bytes, { bucket: to });
  };
}

/** Sends `count` objects, dealt out to groups; `declare` names the bucket in which a join awaits them. */
export function split({
  to,
  count,
  groups,
  declare,
}: {
  to: string;
  count: number;
  groups: readonly string[];
  declare?: string;
}): FunctionBody {
  const keys = Array.from({ length: count }, (_, index) => `${index}`);
  return (library) => {
    if (declare !== undefined) library.expect(declare, groups[0] as string, keys);
    const bytes = Buffer.from(callOf(library));
    for (const [index, key] of keys.entries()) library.send(bytes, { bucket: to, key, group: groups[index % groups.length] as string });
  };
}

/** Hands its input on under the same key and group, after a moment. */
export function work({ to }: { to: string }): FunctionBody {
  return async (library) => {
    const bytes = Buffer.from(callOf(library));
    await sleep(library.serial % 5);
    const { key, group } = library.inputs[0]!;
    library.send(bytes, { bucket: to, key, group });
  };
}

/** Answers with the call, the group and the keys that came. */
export const gather: FunctionBody = (library) => {
  const keys = library.inputs.map(({ key }) => key).sort();
  library.send(Buffer.from(`${callOf(library)} ${library.inputs[0]?.group} ${keys.join('')}`), {}, { output: true });
};

/** Sends a large object that its call decides. */
export function fill({ to, size }: { to: string; size: number }): FunctionBody {
  return (library) => {
    const call = Buffer.from(callOf(library));
    const object = library.create({ bucket: to }, size);
    object.bytes.fill(call[call.length - 1]!);
    object.bytes.set(call);
    object.bytes[call.length] = 0;
    library.send(object);
  };
}

/** Answers with the call whose large object came whole. */
export const checkFill: FunctionBody = (library) => {
  const bytes = Buffer.from(library.inputs[0]!.bytes);
  const call = bytes.subarray(0, bytes.indexOf(0));
  const rest = bytes.subarray(call.length + 1);
  if (rest.some((byte) => byte !== call[call.length - 1])) throw new Error(`expected the object of ${call} whole`);
  library.send(Buffer.from(`${call} ${bytes.length}`), {}, { output: true });
};

/** Answers with its call, after `ms`. */
export function nap({ ms }: { ms: number }): FunctionBody {
  return async (library) => {
    const bytes = Buffer.from(callOf(library));
    await sleep(ms);
    library.send(bytes, {}, { output: true });
  };
}

/** Puts its call among those of the app. */
export const note: FunctionBody = (library) => {
  const call = callOf(library);
  library.send(Buffer.from(call), { bucket: 'notes', key: call });
};

/** Answers with all calls that came together. */
export const bundle: FunctionBody = (library) => {
  library.send(Buffer.from(library.inputs.map(({ bytes }) => textOf(bytes)).join(' ')), {}, { output: true });
};

/** Takes its thread with it, the first time. */
export const exits: FunctionBody = (library) => {
  if (library.attempt === 1) process.exit(1);
  library.send(Buffer.from(callOf(library)), {}, { output: true });
};

/** Never comes back. */
export const hangs: FunctionBody = () => {
  for (;;);
};
