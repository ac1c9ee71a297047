import { type ObjectContext, object } from '@restatedev/restate-sdk';
import { deliver } from '../work.ts';

/** `deliver` takes values of any calls every 20 milliseconds. */
export const windowOfApp = object({
  name: 'windowOfApp',
  handlers: {
    add: async (ctx: ObjectContext, value: string) => {
      const values = (await ctx.get<string[]>('values')) ?? [];
      ctx.set('values', [...values, value]);
      if (values.length === 0)
        ctx.genericSend({ service: 'windowOfApp', method: 'close', key: ctx.key, parameter: new Uint8Array(), delay: 20 });
    },
    close: async (ctx: ObjectContext) => {
      const values = await ctx.get<string[]>('values');
      ctx.clear('values');
      if (values !== null) await ctx.run('deliver', () => deliver(values));
    },
  },
});
