import { type Context, RestatePromise, service } from '@restatedev/restate-sdk';
import { letters } from '../work.ts';
import { work } from './work-service.ts';

/** `join` takes what calls of `upperCase` have given every 20 milliseconds. */
export const window = service({
  name: 'window',
  handlers: {
    run: async (ctx: Context, value: string) => {
      const client = ctx.serviceClient(work);
      const calls = letters(value).map((letter, index) => client.upperCase(letter).map((result = '') => ({ index, result })));
      const pending = new Map(calls.entries());
      const joined: string[] = [];
      while (pending.size > 0) {
        const end = ctx.sleep(20).map(() => undefined);
        const values: string[] = [];
        for (;;) {
          const next = await RestatePromise.race([end, ...pending.values()]);
          if (next === undefined) break;
          pending.delete(next.index);
          values.push(next.result);
        }
        if (values.length > 0) joined.push(await client.join(values));
      }
      return joined;
    },
  },
});
