import { type Handlers, post, type Urls } from './service.ts';
import { join, upperCase } from './work.ts';

/** `gather` takes by twos what `take` gives for events of any sessions. */
export const batchOfApp = (at: Urls): Handlers => {
  const waiting: string[] = [];
  let batches = 0;
  return {
    take: ({ session, value }) => post(at.gather, { session }, upperCase(value)),
    gather({ value }) {
      if (waiting.push(value) === 2) return post(at.caller, { session: `batch-${++batches}` }, join(waiting.splice(0)));
    },
  };
};
