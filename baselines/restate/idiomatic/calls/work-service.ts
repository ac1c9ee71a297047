import { type Context, service } from '@restatedev/restate-sdk';
import * as functions from '../work.ts';

/** The functions as handlers that others call. */
export const work = service({
  name: 'work',
  handlers: {
    labels: async (_: Context, value: string) => functions.letters(value).map(functions.label),
    letters: async (_: Context, value: string) => functions.letters(value),
    upperCase: async (_: Context, value: string) => functions.upperCase(value),
    join: async (_: Context, values: readonly string[]) => functions.join(values),
    deliver: async (_: Context, values: readonly string[]) => functions.deliver(values),
  },
});
