/** A process that opens the disk store and puts values until it is told to stop, or killed; it reports each key that is stored. */
import { openDiskStore } from '../disk-store.ts';
import { bytesOf } from './values.ts';

/** What it is started with, as JSON in its first argument. */
interface Task {
  readonly path: string;
  /** Keys are `<name>/<number>`; the value of number n is `bytesOf(bytes, n)`. */
  readonly name: string;
  readonly bytes: number;
  readonly count: number;
}

const { path, name, bytes, count } = JSON.parse(process.argv[2] as string) as Task;
const store = await openDiskStore(path);
for (let number = 0; number < count; number++) {
  await store.put(`${name}/${number}`, bytesOf(bytes, number));
  process.send?.(number);
}
await store.close();
process.disconnect?.();
