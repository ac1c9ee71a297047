import { RestatePromise, type WorkflowContext, workflow } from '@restatedev/restate-sdk';
import { join, letters, upperCase } from '../work.ts';

/** `join` takes what steps of `upperCase` have given every 20 milliseconds. */
export const window = workflow({
  name: 'window',
  handlers: {
    run: async (ctx: WorkflowContext, value: string) => {
      const steps = letters(value).map((letter, index) => ctx.run('upperCase', () => ({ index, result: upperCase(letter) })));
      const pending = new Map(steps.entries());
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
        if (values.length > 0) joined.push(await ctx.run('join', () => join(values)));
      }
      return joined;
    },
  },
});
