/** Edits of an app's definition; each returns a new one. What the result is worth is for the node to judge. */
import type { AppDefinition, BucketDefinition, TriggerDefinition } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';

export function withBucket(app: AppDefinition, bucket: BucketDefinition): AppDefinition {
  return { ...app, buckets: [...app.buckets, bucket] };
}

/** Takes the bucket's triggers with it. Throws `UNKNOWN_BUCKET`. */
export function withoutBucket(app: AppDefinition, name: string): AppDefinition {
  const buckets = app.buckets.filter((bucket) => bucket.name !== name);
  if (buckets.length === app.buckets.length)
    throw new PheromoneError('UNKNOWN_BUCKET', `app ${app.name}: expected a bucket ${name} to delete`);
  return { ...app, buckets, triggers: app.triggers.filter((trigger) => trigger.bucket !== name) };
}

export function withTrigger(app: AppDefinition, trigger: TriggerDefinition): AppDefinition {
  return { ...app, triggers: [...app.triggers, trigger] };
}

/** Throws `INVALID_ARGUMENT` where the app has no such trigger. */
export function withoutTrigger(app: AppDefinition, name: string): AppDefinition {
  const triggers = app.triggers.filter((trigger) => trigger.name !== name);
  if (triggers.length === app.triggers.length) {
    throw new PheromoneError('INVALID_ARGUMENT', `app ${app.name}: expected a trigger ${name} to delete`);
  }
  return { ...app, triggers };
}
