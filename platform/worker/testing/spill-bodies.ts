/** Functions whose objects come to more than memory holds. */
import type { FunctionBody, ReceivedObject } from '../../executor/library.ts';

export const PIECE_BYTES = 1_000_000;

function numberOf(object: ReceivedObject): number {
  const { bytes } = object;
  const [first = -1] = bytes;
  if (bytes.length !== PIECE_BYTES || bytes.some((byte) => byte !== first)) throw new Error(`piece "${object.key}" is not as it was sent`);
  return first;
}

/** Starts as many functions that make a piece each as its input says. */
export const scatters: FunctionBody = (library) => {
  const count = Number(Buffer.from(library.inputs[0]!.bytes).toString());
  for (let i = 0; i < count; i++) library.send(Buffer.from(`${i}`), { target: 'makesPiece' });
};

export const makesPiece: FunctionBody = (library) => {
  const number = Number(Buffer.from(library.inputs[0]!.bytes).toString());
  library.send(library.allocate(PIECE_BYTES).fill(number), { bucket: 'pieces', key: `${number}` });
};

/** As `scatters`, and does not come to its end until the session does. */
export const scattersAndWaits: FunctionBody = async (library) => {
  scatters(library);
  await new Promise((resolve) => library.signal.addEventListener('abort', resolve));
};

/** Reads every piece; answers with their numbers. */
export const gathers: FunctionBody = (library) => {
  library.send(Buffer.from(library.inputs.map(numberOf).join()), {}, { output: true });
};

export const failsOnPieces: FunctionBody = () => {
  throw new Error('on purpose');
};

/** As `gathers`, but finds the pieces by their keys. */
export const findsByKey: FunctionBody = (library) => {
  const numbers = library.inputs.map(({ bucket, key }) => numberOf(library.get(bucket, key)!));
  library.send(Buffer.from(numbers.join()), {}, { output: true });
};
