import { type Handlers, post, type Urls } from './service.ts';
import { join, type Labelled, label, letters } from './work.ts';

/** `each` labels its values; once all of them are over, `reduce` takes those of each label. */
export const group = (at: Urls): Handlers => {
  const waiting = new Map<string, { values: Labelled[]; over: number }>();
  return {
    items({ session, value }) {
      const parts = value.split(' ');
      return Promise.all(parts.map((part) => post(at.each, { session, of: parts.length }, part)));
    },
    each: ({ session, of, value }) => post(at.reduce, { session, of }, JSON.stringify(letters(value).map(label))),
    reduce({ session, of, value }) {
      const state = waiting.get(session) ?? { values: [], over: 0 };
      waiting.set(session, state);
      state.values.push(...(JSON.parse(value) as Labelled[]));
      if (++state.over < of) return;
      waiting.delete(session);
      const groups = [...Map.groupBy(state.values, (each) => each.label).values()];
      return Promise.all(groups.map((values) => post(at.caller, { session }, join(values.map((each) => each.value)))));
    },
  };
};
