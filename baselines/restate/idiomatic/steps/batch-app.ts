import { type ObjectContext, object } from '@restatedev/restate-sdk';
import { deliver } from '../work.ts';

/** `deliver` takes values of any calls by twos. */
export const batchOfApp = object({
  name: 'batchOfApp',
  handlers: {
    add: async (ctx: ObjectContext, value: string) => {
      const values = [...((await ctx.get<string[]>('values')) ?? []), value];
      if (values.length < 2) return ctx.set('values', values);
      ctx.clear('values');
      await ctx.run('deliver', () => deliver(values));
    },
  },
});
