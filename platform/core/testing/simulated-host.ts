/**
 * A worker node without threads: it starts invocations that send, declare, end and fail as a list of numbers says, tells
 * the core what happened in any order that real threads could, and does what the core says. It checks what must
 * hold at every step, and keeps the history of each session for what must hold in the end.
 */
import assert from 'node:assert/strict';
import type { AppEffect, SessionEffect } from '../effect.ts';
import { type Effect, NodeCore, type SessionRequest } from '../node.ts';
import type { AppPlan, BucketPlan } from '../plan.ts';
import type { ObjectMeta, SourceRun, TriggerFactory } from '../trigger.ts';
import { type AppHistory, type History, type Invocation, isOver } from './history.ts';
import type { Tape } from './tape.ts';

const KEYS = ['a', 'b', 'c'];
const GROUPS = ['x', 'y', ''];
const DECLARED_KEYS = [['a'], [], ['b', 'a'], ['a', 'c', 'b'], ['a', 'a']];
const MAX_ROUNDS = 1_000;

type Start = SessionEffect & { readonly type: 'start' };

export class SimulatedHost {
  readonly core = new NodeCore();
  readonly histories = new Map<number, History>();
  readonly appHistory: AppHistory = { told: [], effects: [], copies: new Set() };
  readonly #app: AppPlan;
  readonly #tape: Tape;
  #invocations: Invocation[] = [];
  #nowMs = 0;
  #lastRef = 0;

  constructor(app: AppPlan, factories: ReadonlyMap<string, TriggerFactory>, tape: Tape) {
    this.#app = app;
    this.#tape = tape;
    this.core.addApp(app, factories, this.#nowMs);
  }

  /** Runs until the tape is over and everything that it began has come to its end. */
  run(): void {
    const steps = [
      () => this.#deliver(),
      () => this.#act(),
      () => this.#act(),
      () => this.#act(),
      () => this.#call(),
      () => this.#disturb(),
    ];
    while (!this.#tape.over) this.#tape.pick(steps)();
    for (let round = 0; this.#invocations.length > 0 || this.core.dueMs() !== undefined; round += 1) {
      assert.ok(round < MAX_ROUNDS, 'what sends no more comes to its end');
      if (this.#invocations.length === 0) this.#passTime(this.core.dueMs()!);
      for (const invocation of this.#invocations) this.#end(invocation);
      while (this.#invocations.some(({ mail }) => mail.length > 0)) this.#deliver();
    }
  }

  /** Takes the app back. */
  removeApp(): void {
    this.#apply(this.core.removeApp(this.#app));
  }

  /** A client calls, seldom while others wait for their answers. */
  #call(): void {
    if (this.#invocations.length === 0 || this.#tape.below(4) === 0) this.#open(0);
  }

  #open(fn: number): void {
    const session = this.histories.size + 1;
    const deadlineMs = this.#tape.below(8) === 1 ? this.#nowMs + 1 + this.#tape.below(200) : undefined;
    const request: SessionRequest = { session, app: this.#app, answer: this.#tape.pick(['first', 'all']), deadlineMs };
    const counts = this.#app.watchSets.map(() => 0);
    this.histories.set(session, { request, openedMs: this.#nowMs, told: [], outputs: [], effects: [], counts, started: [], failures: 0 });
    this.#apply(this.core.open(request, this.#nowMs));
    this.#start(session, fn);
  }

  /** A function does something. */
  #act(): void {
    const running = this.#invocations.filter((invocation) => !invocation.ended);
    if (running.length === 0) return;
    const invocation = this.#tape.pick(running);
    const choice = this.#tape.below(40);
    if (choice < 28) this.#send(invocation);
    else if (choice < 34) this.#declare(invocation);
    else if (choice < 36) invocation.mail.push({ type: 'output', object: this.#object(invocation, '') });
    else if (choice < 39) this.#end(invocation);
    else if (this.#tape.below(2) === 0) invocation.mail.push({ type: 'failed' });
    else this.#die(invocation);
  }

  #bucketFor({ fn }: Invocation): BucketPlan | undefined {
    const { sends } = this.#app.functions[fn]!;
    const buckets = this.#app.buckets.filter((bucket) => sends?.has(bucket.index) ?? true);
    return buckets.length === 0 ? undefined : this.#tape.pick(buckets);
  }

  #declare(invocation: Invocation): void {
    const bucket = this.#bucketFor(invocation);
    // Seldom where nobody wants it, since that fails the session.
    if (bucket === undefined || (!bucket.expects && this.#tape.below(10) > 0)) return;
    const { session, fn } = invocation;
    const sender = this.#senderOf(invocation);
    const keys = DECLARED_KEYS[this.#tape.below(40) === 1 ? 4 : this.#tape.below(4)]!;
    const source = this.#app.functions[fn]!.definition.name;
    invocation.mail.push({
      type: 'expected',
      expected: { session, source, bucket: bucket.name, group: this.#tape.pick(GROUPS), keys, sender },
    });
  }

  #send(invocation: Invocation): void {
    const bucket = this.#bucketFor(invocation);
    if (bucket === undefined) return;
    const object = this.#object(invocation, bucket.name);
    for (const fn of [...bucket.immediate, ...(bucket.byName.get(object.key) ?? [])]) this.#start(invocation.session, fn);
    if (bucket.stateful.length > 0) invocation.mail.push({ type: 'object', object });
    if (bucket.appStateful.length > 0) invocation.mail.push({ type: 'app-object', object });
  }

  #object(invocation: Invocation, bucket: string): ObjectMeta {
    const { session, fn } = invocation;
    this.#lastRef += 1;
    // One object in about 40 has no group, which a DynamicGroup refuses.
    const group = GROUPS[this.#tape.below(40) === 1 ? 2 : this.#tape.below(2)]!;
    const source = this.#app.functions[fn]!.definition.name;
    return {
      ref: this.#lastRef,
      session,
      bucket,
      key: this.#tape.pick(KEYS),
      group,
      source,
      metadata: '',
      sender: this.#senderOf(invocation),
    };
  }

  /** Time passes, or a caller gives up. */
  #disturb(): void {
    if (this.#tape.below(16) > 0) this.#passTime(this.#nowMs + this.#tape.below(20));
    else if (this.histories.size > 0) this.#apply(this.#cancel(1 + this.#tape.below(this.histories.size)));
  }

  #cancel(session: number): Effect[] {
    const effects = this.core.cancel(session);
    if (isOver(this.histories.get(session)!)) assert.deepEqual(effects, []);
    return effects;
  }

  #passTime(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#apply(this.core.onTime(nowMs));
    assert.ok((this.core.dueMs() ?? Number.POSITIVE_INFINITY) > nowMs);
  }

  /** The core is told the next thing that some invocation did. */
  #deliver(): void {
    const waiting = this.#invocations.filter(({ mail }) => mail.length > 0);
    if (waiting.length === 0) return;
    const invocation = this.#tape.pick(waiting);
    const history = this.histories.get(invocation.session)!;
    const mail = invocation.mail.shift()!;
    if (mail.type === 'ended') {
      this.#invocations = this.#invocations.filter((each) => each !== invocation);
      this.#ended(invocation, history);
    } else if (mail.type === 'died') {
      this.#invocations = this.#invocations.filter((each) => each !== invocation);
      this.#begin(invocation.session, invocation.fn, invocation.run.first);
    } else if (mail.type === 'started') {
      this.#tellStart(invocation, history);
    } else if (mail.type === 'failed') {
      if (!isOver(history)) history.failures += 1;
      this.#apply(this.core.failed(invocation.session, 'FUNCTION_FAILED', 'failed', this.#senderOf(invocation)?.invocation));
    } else if (mail.type === 'output') {
      history.outputs.push(mail.object);
      this.#apply(this.core.outputSent(mail.object));
    } else if (mail.type === 'expected') {
      history.told.push({ atMs: this.#nowMs, expected: mail.expected });
      this.#apply(this.core.expected(mail.expected, this.#nowMs));
    } else if (mail.type === 'object') {
      history.told.push({ atMs: this.#nowMs, object: mail.object });
      this.#apply(this.core.objectSent(mail.object, this.#nowMs));
    } else {
      this.#tellApp(mail.object);
    }
  }

  #tellStart(each: Invocation, { started }: History): void {
    const { session, fn, run } = each;
    run.invocation = started.push(each) - 1;
    if (run.first < 0) run.first = run.invocation;
    this.#apply(this.core.sourceStarted({ session, fn: this.#app.functions[fn]!.definition.name, ...run, inputs: [] }, this.#nowMs));
  }

  #tellApp(object: ObjectMeta): void {
    this.#lastRef += 1;
    const copy = { ...object, ref: this.#lastRef };
    this.appHistory.told.push({ atMs: this.#nowMs, object: copy });
    if (this.core.isRepetition(object)) return;
    this.appHistory.copies.add(copy.ref);
    this.#apply(this.core.appObjectSent(this.#app, copy, this.#nowMs));
  }

  #ended({ session, fn }: Invocation, { counts }: History): void {
    const sets = this.#app.functions[fn]!.watchSets;
    for (const set of sets) counts[set]! -= 1;
    const inOrder = this.#tape.below(2) === 0 ? sets : sets.toReversed();
    for (const set of inOrder) {
      if (set > 0 && counts[set] === 0) this.#apply(this.core.sourcesDone(session, set, this.#nowMs));
    }
    if (counts[0] === 0) this.#apply(this.core.quiet(session, this.#nowMs));
  }

  #start(session: number, fn: number, first = -1): void {
    const { counts } = this.histories.get(session)!;
    for (const set of this.#app.functions[fn]!.watchSets) counts[set]! += 1;
    this.#begin(session, fn, first);
  }

  #begin(session: number, fn: number, first: number): void {
    const { observed } = this.#app.functions[fn]!;
    this.#invocations.push({ session, fn, run: { invocation: -1, first }, mail: observed ? [{ type: 'started' }] : [], ended: false });
  }

  #senderOf({ fn, run }: Invocation): SourceRun | undefined {
    return this.#app.functions[fn]!.observed ? run : undefined;
  }

  #die(invocation: Invocation): void {
    invocation.mail.push({ type: 'died' });
    invocation.ended = true;
  }

  #end(invocation: Invocation): void {
    if (!invocation.ended) invocation.mail.push({ type: 'ended' });
    invocation.ended = true;
  }

  #apply(effects: readonly Effect[]): void {
    let last: Effect | undefined;
    for (const effect of effects) {
      if (!('session' in effect)) {
        this.#applyToApp(effect);
        continue;
      }
      const history = this.histories.get(effect.session)!;
      assert.ok(!history.effects.some(({ type }) => type === 'release'), 'nothing comes after the release');
      history.effects.push(effect);
      if (effect.type === 'start') {
        this.#checkObjects(history, effect);
        // The groups of one firing start together; the second need not wait for the first.
        if (last?.type !== 'start' || last.fn !== effect.fn) this.#checkSources(history, effect);
        this.#start(effect.session, effect.fn);
      }
      if (effect.type === 'rerun') this.#startAgain(history, effect);
      if (effect.type === 'release') assert.equal(history.counts[0], 0, 'nothing is under way at the release');
      if (effect.type === 'abort' && history.counts[0] === 0) this.#apply(this.core.quiet(effect.session, this.#nowMs));
      last = effect;
    }
  }

  #startAgain(history: History, { session, invocation }: SessionEffect & { readonly type: 'rerun' }): void {
    assert.ok(!isOver(history), 'nothing runs again after an answer or a failure');
    const before = history.started[invocation];
    assert.ok(before !== undefined, 'only what was told to have started runs again');
    this.#start(session, before.fn, before.run.first);
  }

  #applyToApp(effect: AppEffect): void {
    const { effects, copies } = this.appHistory;
    effects.push(effect);
    if (effect.type === 'open') {
      for (const { ref } of effect.objects) assert.ok(copies.has(ref), 'only copies that are not dropped yet');
      this.#open(effect.fn);
    } else if (effect.type === 'drop') {
      for (const ref of effect.refs) assert.ok(copies.delete(ref), 'a copy is dropped once');
    }
  }

  #checkObjects(history: History, { session, objects }: Start): void {
    assert.ok(!isOver(history), 'nothing starts after an answer or a failure');
    for (const object of objects) {
      assert.equal(object.session, session, 'no object of another session');
      assert.ok(
        history.told.some((told) => told.object === object),
        'only objects that were sent',
      );
    }
  }

  #checkSources({ counts }: History, { fn, objects }: Start): void {
    // Without objects only a join of nothing starts.
    const buckets = this.#app.buckets.filter(({ name }) => objects.length === 0 || name === objects[0]?.bucket);
    const triggers = buckets.flatMap(({ stateful }) => stateful.filter(({ target }) => target === fn));
    if (triggers.some(({ definition }) => definition.primitive !== 'dynamic-group')) return;
    assert.ok(
      triggers.some(({ watchSet }) => counts[watchSet!] === 0),
      'a group starts when its sources are over',
    );
  }
}
