import { type Context, RestatePromise, service } from '@restatedev/restate-sdk';
import { work } from './work-service.ts';

/** `upperCase` is called three times, `join` takes the first two results; the third call is cancelled. */
export const kOutOfN = service({
  name: 'kOutOfN',
  handlers: {
    run: async (ctx: Context, value: string) => {
      const client = ctx.serviceClient(work);
      const pending = new Map([0, 1, 2].map((index) => [index, client.upperCase(value)]));
      const values: string[] = [];
      while (values.length < 2) {
        const racing = [...pending].map(([index, call]) => call.map((result = '') => ({ index, result })));
        const { index, result } = await RestatePromise.race(racing);
        pending.delete(index);
        values.push(result);
      }
      for (const loser of pending.values()) ctx.cancel(await loser.invocationId);
      return client.join(values);
    },
  },
});
