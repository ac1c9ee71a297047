import { type Handlers, post, type Urls } from './service.ts';
import { join, letters } from './work.ts';

/** `gather` takes what `items` gives by twos; a rest ends with its session. */
export const batch = (at: Urls): Handlers => {
  const waiting = new Map<string, { values: string[]; arrived: number }>();
  return {
    items({ session, value }) {
      const items = letters(value);
      return Promise.all(items.map((item) => post(at.gather, { session, of: items.length }, item)));
    },
    gather({ session, of, value }) {
      const state = waiting.get(session) ?? { values: [], arrived: 0 };
      waiting.set(session, state);
      state.values.push(value);
      if (++state.arrived === of) waiting.delete(session);
      if (state.values.length === 2) return post(at.caller, { session }, join(state.values.splice(0)));
    },
  };
};
