import test from 'ava';
import type { AppDefinition, TriggerDefinition } from '../core/app.ts';
import { planApp } from '../core/plan.ts';
import { CLIENT_HEADS } from '../wire/client-heads.ts';
import { withoutTrigger, withTrigger } from './definition.ts';

const APP: AppDefinition = {
  name: 'x',
  functions: [{ name: 'f', module: 'file:///m.ts', export: 'f' }],
  buckets: [{ name: 'b' }],
  triggers: [],
  recovery: { level: 'function', attempts: 5 },
};
const HINTED: TriggerDefinition = {
  ...{ name: 't', bucket: 'b', target: 'f', primitive: 'immediate' },
  rerun: [
    { source: 'f', timeoutMs: 10 },
    { source: 'f', key: 'k', timeoutMs: 20 },
  ],
};

test('a trigger is added and deleted with its hints', (t) => {
  const added = withTrigger(APP, HINTED);
  t.is(planApp(added).hints.length, 2);
  t.deepEqual(withoutTrigger(added, 't'), APP);
});

test('a registration carries hints and recovery as they are', (t) => {
  const message = { type: 'register', id: 1, app: withTrigger(APP, HINTED) } as const;
  t.deepEqual(CLIENT_HEADS.fromFields(CLIENT_HEADS.toFields(message), 0), message);
});
