/** Replicas of the quorum that do not do as they should. */
import type { FunctionBody } from '../../executor/library.ts';
import { replica } from '../quorum.ts';

/** Of the three, `a` answers, `b` disagrees, and `c` answers when it is run for the second time; the first time it does as `first` does. */
function lateInC(first: FunctionBody): FunctionBody {
  return (library) => {
    const { key, bytes } = library.inputs[0]!;
    if (key === 'b') return library.send(bytes, { bucket: 'votes', group: key, key: 'wrong' });
    if (key === 'a' || library.get('seen', key) !== undefined) return replica(library);
    library.send(bytes, { bucket: 'seen', key });
    return first(library);
  };
}

export const endsSilently = lateInC(() => {});

/** For as long as the session lasts. */
export const hangs = lateInC(({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)));

/** None of them ever says a word. */
export const neverAnswers: FunctionBody = () => {};
