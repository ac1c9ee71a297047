import { type Handlers, post, type Urls } from './service.ts';
import { join, letters } from './work.ts';

/** `gather` takes what `items` has given in a session, every 10 ms. */
export const window = (at: Urls): Handlers => {
  const waiting = new Map<string, string[]>();
  const close = (session: string): Promise<void> => {
    const values = waiting.get(session)!;
    waiting.delete(session);
    return post(at.caller, { session }, join(values));
  };
  return {
    items: ({ session, value }) => Promise.all(letters(value).map((item) => post(at.gather, { session }, item))),
    gather({ session, value }) {
      const values = waiting.get(session) ?? [];
      if (values.push(value) > 1) return;
      waiting.set(session, values);
      setTimeout(close, 10, session);
    },
  };
};
