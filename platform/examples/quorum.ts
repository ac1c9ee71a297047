/**
 * A custom trigger with its app, as docs/custom-triggers.md walks through them: three replicas get the same question,
 * the answer that two of them come to counts, and a replica that stays silent is run again.
 */
import { createHash } from 'node:crypto';
import type { AppDefinition } from '../core/app.ts';
import type { ObjectMeta, StartedSource, Trigger, TriggerFactory } from '../core/trigger.ts';
import type { FunctionBody } from '../executor/library.ts';

export interface QuorumConfig {
  /** How many replicas have to agree. */
  readonly votes: number;
  /** How long a replica may stay silent before it is run again. */
  readonly timeoutMs: number;
  /** How often replicas are run again, at most. */
  readonly reruns: number;
}

/** A replica that has started and not voted. */
interface Silent {
  readonly source: StartedSource;
  readonly dueMs: number;
}

/**
 * Starts its target with the first objects of the same key that came from `votes` replicas. A replica is named by the
 * key of its input, and names itself as the group of its vote.
 */
export const quorum: TriggerFactory = ({ config }): Trigger => {
  const { votes, timeoutMs, reruns } = config as QuorumConfig;
  const voted = new Set<string>();
  const byAnswer = new Map<string, ObjectMeta[]>();
  const silent = new Map<string, Silent>();
  let rerunsLeft = reruns;
  let isDecided = false;
  return {
    onSourceStarted(source, nowMs) {
      const replica = source.inputs[0]?.key ?? '';
      if (!isDecided && !voted.has(replica)) silent.set(replica, { source, dueMs: nowMs + timeoutMs });
    },
    onObject(vote) {
      // A replica that was only slow votes twice, for its first run and for its second.
      if (isDecided || voted.has(vote.group)) return [];
      voted.add(vote.group);
      silent.delete(vote.group);
      const agreeing = [...(byAnswer.get(vote.key) ?? []), vote];
      byAnswer.set(vote.key, agreeing);
      if (agreeing.length < votes) return [];
      isDecided = true;
      silent.clear();
      return [{ objects: agreeing }];
    },
    overdue(nowMs) {
      const late = [...silent].filter(([, { dueMs }]) => dueMs <= nowMs);
      for (const [replica] of late) silent.delete(replica);
      const again = late.slice(0, rerunsLeft).map(([, { source }]) => source);
      rerunsLeft -= again.length;
      return again;
    },
    // Once nobody is waited for there must be no time left, since a session with one is not over.
    dueMs: () => (silent.size === 0 ? undefined : Math.min(...[...silent.values()].map(({ dueMs }) => dueMs))),
  };
};

const config: QuorumConfig = { votes: 2, timeoutMs: 100, reruns: 3 };

/** Call its function `ask`. */
export const quorumApp: AppDefinition = {
  name: 'quorum',
  functions: [
    { name: 'ask', module: import.meta.url, export: 'ask', sends: ['questions'] },
    { name: 'replica', module: import.meta.url, export: 'replica', sends: ['votes'] },
    { name: 'decide', module: import.meta.url, export: 'decide', sends: [] },
  ],
  buckets: [{ name: 'questions' }, { name: 'votes' }],
  triggers: [
    { name: 'each-replica', bucket: 'questions', target: 'replica', primitive: 'immediate' },
    {
      ...{ name: 'agreement', bucket: 'votes', target: 'decide' },
      ...{ primitive: 'custom', module: import.meta.url, export: 'quorum', config, sources: ['replica'] },
    },
  ],
};

/** Puts the question to three replicas. */
export const ask: FunctionBody = (library) => {
  for (const key of ['a', 'b', 'c']) library.send(library.inputs[0]!.bytes, { bucket: 'questions', key });
};

/** Answers, and says in the key what it answers, since triggers never look at bytes. */
export const replica: FunctionBody = (library) => {
  const question = library.inputs[0]!;
  const answer = createHash('sha256').update(question.bytes).digest('hex');
  library.send(Buffer.from(answer), { bucket: 'votes', group: question.key, key: answer });
};

/** Gives out the answer, which is that of any of the objects. */
export const decide: FunctionBody = (library) => {
  library.send(library.inputs[0]!.bytes, {}, { output: true });
};
