import { type Handlers, post, type Urls } from './service.ts';
import { join, letters, upperCase } from './work.ts';

/** `each` takes every item of `items`, `join` the results in the order of the items. */
export const map = (at: Urls): Handlers => {
  const waiting = new Map<string, { values: string[]; arrived: number }>();
  return {
    items({ session, value }) {
      const items = letters(value);
      if (items.length === 0) return post(at.caller, { session }, join([]));
      return Promise.all(items.map((item, index) => post(at.each, { session, index, of: items.length }, item)));
    },
    each: ({ session, index, of, value }) => post(at.join, { session, index, of }, upperCase(value)),
    join({ session, index, of, value }) {
      const state = waiting.get(session) ?? { values: [], arrived: 0 };
      waiting.set(session, state);
      state.values[index] = value;
      if (++state.arrived < of) return;
      waiting.delete(session);
      return post(at.caller, { session }, join(state.values));
    },
  };
};
