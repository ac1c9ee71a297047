import { type Handlers, post, type Urls } from './service.ts';
import { join, upperCase } from './work.ts';

/** `left` and `right` both lead to `join`. */
export const assemble = (at: Urls): Handlers => {
  const waiting = new Map<string, string[]>();
  return {
    fork: ({ session, value }) => Promise.all([at.left, at.right].map((url) => post(url, { session }, value))),
    left: ({ session, value }) => post(at.join, { session, index: 0 }, value),
    right: ({ session, value }) => post(at.join, { session, index: 1 }, upperCase(value)),
    join({ session, index, value }) {
      const values = waiting.get(session) ?? [];
      waiting.set(session, values);
      values[index] = value;
      if (values[0] === undefined || values[1] === undefined) return;
      waiting.delete(session);
      return post(at.caller, { session }, join(values));
    },
  };
};
