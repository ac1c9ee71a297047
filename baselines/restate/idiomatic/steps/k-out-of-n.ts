import { RestatePromise, type WorkflowContext, workflow } from '@restatedev/restate-sdk';
import { join, upperCase } from '../work.ts';

/** `upperCase` runs three times, `join` takes the first two results. */
export const kOutOfN = workflow({
  name: 'kOutOfN',
  handlers: {
    run: async (ctx: WorkflowContext, value: string) => {
      const steps = [0, 1, 2].map((index) => ctx.run('upperCase', () => ({ index, result: upperCase(value) })));
      const pending = new Map(steps.entries());
      const values: string[] = [];
      while (values.length < 2) {
        const { index, result } = await RestatePromise.race([...pending.values()]);
        pending.delete(index);
        values.push(result);
      }
      return ctx.run('join', () => join(values));
    },
  },
});
