import { type Handlers, post, type Urls } from './service.ts';
import { join, upperCase } from './work.ts';

/** `each` runs three times, `join` takes the first two results. */
export const kOutOfN = (at: Urls): Handlers => {
  const waiting = new Map<string, { values: string[]; arrived: number }>();
  return {
    fork: ({ session, value }) => Promise.all([1, 2, 3].map(() => post(at.each, { session }, value))),
    each: ({ session, value }) => post(at.join, { session }, upperCase(value)),
    join({ session, value }) {
      const state = waiting.get(session) ?? { values: [], arrived: 0 };
      waiting.set(session, state);
      state.values.push(value);
      if (++state.arrived === 3) waiting.delete(session);
      if (state.arrived === 2) return post(at.caller, { session }, join(state.values));
    },
  };
};
