import { type Handlers, post, type Urls } from './service.ts';
import { join, upperCase } from './work.ts';

/** `gather` takes what `take` has given for events of any sessions, every 10 ms. */
export const windowOfApp = (at: Urls): Handlers => {
  const waiting: string[] = [];
  let windows = 0;
  return {
    take: ({ session, value }) => post(at.gather, { session }, upperCase(value)),
    gather({ value }) {
      if (waiting.push(value) > 1) return;
      setTimeout(() => post(at.caller, { session: `window-${++windows}` }, join(waiting.splice(0))), 10);
    },
  };
};
