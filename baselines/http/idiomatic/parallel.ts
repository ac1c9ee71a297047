import { type Handlers, post, type Urls } from './service.ts';
import { upperCase } from './work.ts';

/** `fork` goes on with `left` and `right`. */
export const parallel = (at: Urls): Handlers => ({
  fork: ({ session, value }) => Promise.all([at.left, at.right].map((url) => post(url, { session }, value))),
  left: ({ session, value }) => post(at.caller, { session }, value),
  right: ({ session, value }) => post(at.caller, { session }, upperCase(value)),
});
