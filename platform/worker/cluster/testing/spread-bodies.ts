/** Functions of the tests of sessions that are on several nodes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FunctionBody, Library } from '../../../executor/library.ts';

function text({ inputs }: Library): string {
  return inputs.map(({ bytes }) => Buffer.from(bytes).toString()).join('+');
}

/** Adds its name to what came, and hands it on: into a bucket, or, without one, as output. */
export function relay({ to, key = '', afterMs = 0 }: { to?: string; key?: string; afterMs?: number }): FunctionBody {
  return async (library) => {
    if (afterMs > 0) await sleep(afterMs);
    const bytes = Buffer.from(`${text(library)}>${library.fn}`);
    if (to === undefined) library.send(bytes, {}, { output: true });
    else library.send(bytes, { bucket: to, key });
  };
}

/** Sends one object for each of `count`, with keys and groups in turn. */
export function scatter({
  to,
  count,
  groups = [''],
  expect,
}: {
  to: string;
  count: number;
  groups?: string[];
  expect?: string;
}): FunctionBody {
  return (library) => {
    const keys = Array.from({ length: count }, (_, i) => `${i}`);
    if (expect !== undefined) library.expect(expect, groups[0] ?? '', keys);
    for (const [i, key] of keys.entries()) library.send(Buffer.from(key), { bucket: to, key, group: groups[i % groups.length] ?? '' });
  };
}

/** Hands each input on under its own key and group. */
export function pass({ to, afterMs = 0 }: { to: string; afterMs?: number }): FunctionBody {
  return async (library) => {
    if (afterMs > 0) await sleep(afterMs);
    for (const { bytes, key, group } of library.inputs) library.send(bytes, { bucket: to, key, group });
  };
}

/** Answers with the keys of its inputs, in order, and the group. */
export const gather: FunctionBody = (library) => {
  const keys = library.inputs.map(({ key }) => key).sort((a, b) => Number(a) - Number(b));
  library.send(Buffer.from(`${library.inputs[0]?.group}[${keys.join(' ')}]`), {}, { output: true });
};

/** Sends `size` bytes that follow a pattern. */
export function fill({ to, size }: { to: string; size: number }): FunctionBody {
  return (library) => {
    const object = library.create({ bucket: to, key: 'large' }, size);
    for (let at = 0; at < size; at += 997) object.bytes[at] = at % 251;
    object.bytes[size - 1] = 7;
    library.send(object);
  };
}

/** Checks the pattern of {@link fill} and hands the very bytes on. */
export function check({ to }: { to?: string }): FunctionBody {
  return (library) => {
    const { bytes } = library.inputs[0] as { bytes: Uint8Array };
    for (let at = 0; at < bytes.length - 1; at += 997) if (bytes[at] !== at % 251) throw new Error(`byte ${at} is ${bytes[at]}`);
    if (bytes[bytes.length - 1] !== 7) throw new Error('the last byte is wrong');
    if (to === undefined) library.send(bytes, {}, { output: true });
    else library.send(bytes, { bucket: to, key: 'large' });
  };
}

/** Answers with what another function has sent under a key. */
export function look({ bucket, key }: { bucket: string; key: string }): FunctionBody {
  return (library) => {
    const found = library.get(bucket, key);
    library.send(found?.bytes ?? Buffer.from('nothing'), {}, { output: true });
  };
}

export const fail: FunctionBody = () => {
  throw new Error('on purpose');
};

/** Answers with its process. */
export const where: FunctionBody = async (library) => {
  await sleep(30);
  library.send(Buffer.from(`${process.pid}`), {}, { output: true });
};
