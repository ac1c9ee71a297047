import { RestatePromise, type WorkflowContext, workflow } from '@restatedev/restate-sdk';
import { join, letters } from '../work.ts';

/** `join` takes what `letters` gives by twos. */
export const batch = workflow({
  name: 'batch',
  handlers: {
    run: async (ctx: WorkflowContext, value: string) => {
      const items = await ctx.run('letters', () => letters(value));
      const joins = [];
      for (let at = 0; at + 2 <= items.length; at += 2) joins.push(ctx.run('join', () => join(items.slice(at, at + 2))));
      return RestatePromise.all(joins);
    },
  },
});
