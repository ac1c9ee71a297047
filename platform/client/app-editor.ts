/** Definitions of apps as a client edits them. */
import type { AppDefinition, BucketDefinition, TriggerDefinition } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';
import { withBucket, withoutBucket, withoutTrigger, withTrigger } from './definition.ts';

/** Remembers the definitions that were accepted. They change one after the other, each on top of what became of the one before. */
export abstract class AppEditor {
  readonly #apps = new Map<string, AppDefinition>();
  #edits: Promise<void> = Promise.resolve();

  /** Makes the platform take an app in. */
  protected abstract install(app: AppDefinition): Promise<void>;
  /** Makes the platform take an app back. */
  protected abstract withdraw(name: string): Promise<void>;

  /** Makes an app callable. An app of that name is replaced for the sessions that start from then on. Rejects with `INVALID_APP`. */
  register(app: AppDefinition): Promise<void> {
    return this.#edit(app.name, () => app);
  }

  /** Takes an app back; its sessions fail with `CANCELLED`. Rejects with `UNKNOWN_APP`. */
  unregister(name: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.withdraw(name);
      this.#apps.delete(name);
    });
  }

  /** Adds a bucket to an app that this client has registered, for the sessions that start from then on. */
  createBucket(app: string, bucket: BucketDefinition): Promise<void> {
    return this.#edit(app, (current) => withBucket(known(current, app), bucket));
  }

  /** Deletes a bucket and its triggers, likewise. Rejects with `UNKNOWN_BUCKET`. */
  deleteBucket(app: string, name: string): Promise<void> {
    return this.#edit(app, (current) => withoutBucket(known(current, app), name));
  }

  /** Adds a trigger, with its hints for re-execution if it has any, likewise. Rejects with `INVALID_APP`. */
  addTrigger(app: string, trigger: TriggerDefinition): Promise<void> {
    return this.#edit(app, (current) => withTrigger(known(current, app), trigger));
  }

  /** Deletes a trigger, likewise. Rejects with `INVALID_ARGUMENT` if there is none of that name. */
  deleteTrigger(app: string, name: string): Promise<void> {
    return this.#edit(app, (current) => withoutTrigger(known(current, app), name));
  }

  #edit(name: string, change: (current: AppDefinition | undefined) => AppDefinition): Promise<void> {
    return this.#inTurn(async () => {
      const app = change(this.#apps.get(name));
      await this.install(app);
      this.#apps.set(name, app);
    });
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const edit = this.#edits.then(change);
    this.#edits = edit.catch(() => {});
    return edit;
  }
}

function known(app: AppDefinition | undefined, name: string): AppDefinition {
  if (app === undefined) throw new PheromoneError('UNKNOWN_APP', `app ${name}: expected one that this client has registered`);
  return app;
}
