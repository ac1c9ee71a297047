import { type Handlers, post, type Urls } from './service.ts';
import { label, upperCase } from './work.ts';

/** `pick` goes on with `one` or `two`. */
export const choice = (at: Urls): Handlers => ({
  pick({ session, value }) {
    const picked = label(value);
    return post(picked.label === 'a' ? at.one : at.two, { session }, picked.value);
  },
  one: ({ session, value }) => post(at.caller, { session }, value),
  two: ({ session, value }) => post(at.caller, { session }, upperCase(value)),
});
