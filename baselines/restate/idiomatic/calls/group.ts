import { type Context, RestatePromise, service } from '@restatedev/restate-sdk';
import { work } from './work-service.ts';

/** `labels` is called for each part; `join` takes all values of one label. */
export const group = service({
  name: 'group',
  handlers: {
    run: async (ctx: Context, value: string) => {
      const client = ctx.serviceClient(work);
      const labelled = await RestatePromise.all(value.split(' ').map((part) => client.labels(part)));
      const groups = [...Map.groupBy(labelled.flat(), ({ label }) => label).values()];
      return RestatePromise.all(groups.map((values) => client.join(values.map((each) => each.value))));
    },
  },
});
