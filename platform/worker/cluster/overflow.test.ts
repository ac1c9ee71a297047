import test from 'ava';
import type { FunctionDefinition } from '../../core/app.ts';
import { appOf } from '../testing/node.ts';
import { objectOf } from './testing/peer.ts';
import { smallCluster } from './testing/small-cluster.ts';

const module = new URL('./testing/spread-bodies.ts', import.meta.url).href;

function fn(name: string, config: object, more: Partial<FunctionDefinition> = {}): FunctionDefinition {
  return { name, module, export: 'relay', config, ...more };
}

test('a node that was found for one function is not given another that it may not be able to run', async (t) => {
  const { workers, played, install, emptied } = await smallCluster(t, [{ executors: 1, labels: ['here'] }], {
    played: ['played'],
    rule: () => (place) => (place.fn === 'light' ? 'played' : ''),
  });
  const [worker] = workers as [(typeof workers)[number]];
  await install(appOf('app', [fn('light', {}), fn('bound', {}, { requires: ['here'] }), fn('slow', { afterMs: 3_000 })]));
  const slow = worker.call('app', 'slow', 'in');
  const light = worker.call('app', 'light', 'in');
  const bound = worker.call('app', 'bound', 'in');
  const guest = await played[0]!.dialled();
  const { message: run } = await guest.next('run');
  t.is(run.fn, 0);
  guest.send({ type: 'output', session: run.session, sender: -1, object: objectOf(4, { source: 0, ref: 9 }) }, 'away');
  guest.send({ type: 'idle', session: run.session, set: 0, credits: 1 });
  t.is((await light).text, 'away');
  t.is((await bound).text, 'in>bound');
  t.is((await slow).text, 'in>slow');
  t.false(guest.unread.some(({ type }) => type === 'run'));
  await emptied();
});
