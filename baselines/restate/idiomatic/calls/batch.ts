import { type Context, RestatePromise, service } from '@restatedev/restate-sdk';
import { work } from './work-service.ts';

/** `join` takes what `letters` gives by twos. */
export const batch = service({
  name: 'batch',
  handlers: {
    run: async (ctx: Context, value: string) => {
      const client = ctx.serviceClient(work);
      const items = await client.letters(value);
      const joins = [];
      for (let at = 0; at + 2 <= items.length; at += 2) joins.push(client.join(items.slice(at, at + 2)));
      return RestatePromise.all(joins);
    },
  },
});
