import { readFile } from 'node:fs/promises';
import test from 'ava';
import { type RunOptions, StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';

type Handlers = NonNullable<NonNullable<RunOptions['overrides']>['taskResourceLocalHandlers']>;
type Json = Parameters<Handlers[string]>[0];

/** What a definition returns. The interpreter throws unless it is valid. */
async function run(pattern: string, handlers: Handlers): Promise<Json> {
  const text = await readFile(new URL(`./idiomatic/${pattern}.asl.json`, import.meta.url), 'utf8');
  const machine = new StateMachine(JSON.parse(text) as StateMachineDefinition);
  return machine.run({}, { overrides: { taskResourceLocalHandlers: handlers } }).result;
}

test('The batch by hand sends parcels of three and leaves a short one', async (t) => {
  const sent: Json[] = [];
  await run('batch', {
    ListOrders: () => ({ orders: [1, 2, 3, 4, 5, 6, 7] }),
    SendParcel: (parcel) => sent.push(parcel),
  });
  t.deepEqual(sent, [
    [1, 2, 3],
    [4, 5, 6],
  ]);
});

test('The group by hand adds up once for each initial, over all pieces', async (t) => {
  const totals = await run('group', {
    Split: () => ({ pieces: ['ant bee', 'ape ant'] }),
    Count: (piece) =>
      String(piece)
        .split(' ')
        .map((word) => ({ initial: word[0]!, words: 1 })),
    Regroup: (pieces) => [...Map.groupBy((pieces as { initial: string }[][]).flat(), ({ initial }) => initial).values()],
    AddUp: (group) => (group as { initial: string; words: number }[]).map(({ initial }) => initial).join(''),
  });
  t.deepEqual(totals, ['aaa', 'b']);
});
