import { RestatePromise, type WorkflowContext, workflow } from '@restatedev/restate-sdk';
import { join, label, letters } from '../work.ts';

/** `letters` and `label` run for each part; `join` takes all values of one label. */
export const group = workflow({
  name: 'group',
  handlers: {
    run: async (ctx: WorkflowContext, value: string) => {
      const labelled = await RestatePromise.all(value.split(' ').map((part) => ctx.run('label', () => letters(part).map(label))));
      const groups = [...Map.groupBy(labelled.flat(), (each) => each.label).values()];
      return RestatePromise.all(groups.map((values) => ctx.run('join', () => join(values.map((each) => each.value)))));
    },
  },
});
