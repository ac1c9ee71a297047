import test from 'ava';
import fc from 'fast-check';
import type { Dependency, Input } from '../../workloads/api/workflow.ts';
import { compile, type Routes } from './compile.ts';
import { addCredit, type Credit, isWhole, SESSION } from './credit.ts';
import { Joins } from './joins.ts';
import type { Item, Lineage } from './message.ts';
import { type Outgoing, openLineage, planEnded, planNothing } from './plan.ts';

const bytes = new Uint8Array(0);
const body = { module: 'file:///bodies.ts', export: 'body' };

/** How many values a function emits for its inputs, and into which groups. */
type Emits = (inputs: readonly Input[]) => readonly string[];

/** A session over three processes in memory, whose messages arrive in the order that `pick` decides. */
class Simulation {
  readonly started: { readonly fn: string; readonly inputs: readonly Input[] }[] = [];
  readonly #routes: Routes;
  readonly #emits: Readonly<Record<string, Emits>>;
  readonly #underWay: Outgoing[] = [];
  readonly #joins: readonly Joins[];
  #returned: Credit | undefined;
  #instances = 0;

  constructor(emits: Readonly<Record<string, Emits>>, dependencies: readonly Dependency[]) {
    const names = Object.keys(emits);
    const functions = Object.fromEntries(names.map((name) => [name, body]));
    this.#routes = compile({ name: 'w', entry: names[0]!, functions, dependencies, result: 'all' }, 3);
    this.#emits = emits;
    this.#joins = Array.from({ length: 3 }, () => {
      return new Joins(this.#routes, {
        start: (fn, inputs, lineage) => this.#run(fn, inputs, lineage, undefined),
        giveBack: (fn, lineage) => this.#underWay.push(...planNothing(this.#routes, fn, lineage)),
        openSession: () => {
          throw new Error('expected no other session');
        },
      });
    });
  }

  /** Runs the session; resolves once all credit is back, which must not be before the last message has arrived. */
  async run(pick: (count: number) => number): Promise<void> {
    const { entry } = this.#routes;
    this.#run(entry, [{ from: '', key: '', group: '', bytes }], openLineage(this.#routes, entry, '1.1', true), undefined);
    for (let step = 0; step < 5_000; step++) {
      const isOver = this.#returned !== undefined && isWhole(this.#returned);
      const [next] = this.#underWay.splice(pick(this.#underWay.length), 1);
      if (next === undefined && isOver) return;
      if (isOver && next!.message.hasValue) throw new Error('expected no value under way once all credit is back');
      // Joins that stay incomplete keep their credit for a few milliseconds.
      if (next === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
      else this.#arrive(next);
    }
    throw new Error('expected all credit back, some is missing');
  }

  #arrive({ destination: to, message, values }: Outgoing): void {
    const inputs = values.map((value) => ({ from: message.value.from, ...value }));
    if (to.kind === 'call') this.#run(to.fn, inputs, message.lineage, message.item);
    else if (to.kind === 'join') this.#joins[to.process]!.arrive(to.dependency, message, bytes);
    else if (to.kind === 'group') this.#joins[to.process]!.arriveFromSource(to.dependency, message, inputs);
    else {
      const credit = message.lineage.credits.get(SESSION)!;
      this.#returned = this.#returned === undefined ? credit : addCredit(this.#returned, credit);
    }
  }

  #run(fn: string, inputs: readonly Input[], lineage: Lineage, item: Item | undefined): void {
    this.started.push({ fn, inputs });
    const emitted = this.#emits[fn]!(inputs).map((group) => ({ bytes, key: group, group }));
    this.#underWay.push(...planEnded(this.#routes, { fn, lineage, item, emitted, instance: `i${++this.#instances}` }));
  }
}

/** Runs a session of each kind of delivery order and hands over what was started. */
async function inAnyOrder(
  emits: Readonly<Record<string, Emits>>,
  dependencies: readonly Dependency[],
  check: (started: Simulation['started']) => void,
): Promise<void> {
  const orders = fc.infiniteStream(fc.nat());
  await fc.assert(
    fc.asyncProperty(orders, async (numbers) => {
      const simulation = new Simulation(emits, dependencies);
      await simulation.run((count) => (numbers.next().value as number) % Math.max(1, count));
      check(simulation.started);
    }),
    { numRuns: 25, includeErrorInReport: true },
  );
}

const one: Emits = () => ['v'];
const groups: Emits = () => ['x', 'y', 'z'];

test('A shuffle starts each group once, with the values of all sources, in whatever order messages arrive', async (t) => {
  const shuffle: readonly Dependency[] = [
    { pattern: 'map', from: 'split', each: 'count' },
    { pattern: 'group', from: 'count', to: 'reduce' },
  ];
  await inAnyOrder({ split: () => Array(7).fill('piece'), count: groups, reduce: one }, shuffle, (started) => {
    const reduced = started.filter(({ fn }) => fn === 'reduce');
    t.deepEqual(reduced.flatMap(({ inputs }) => [...new Set(inputs.map(({ group }) => group))]).sort(), ['x', 'y', 'z']);
    t.true(reduced.every(({ inputs }) => inputs.length === 7));
  });
});

test('A group behind a group, and sources that never run, do not keep a session from ending', async (t) => {
  const twice: readonly Dependency[] = [
    { pattern: 'parallel', from: 'fork', to: ['left', 'right'] },
    { pattern: 'group', from: 'left', to: 'first' },
    { pattern: 'group', from: 'first', to: 'second' },
    { pattern: 'assemble', from: ['right', 'quiet'], to: 'never' },
    { pattern: 'choice', from: 'pick', to: { quiet: 'quiet' } },
    { pattern: 'sequence', from: 'right', to: 'pick' },
  ];
  const emits = { fork: one, left: groups, right: one, first: groups, second: one, quiet: () => [], pick: () => ['quiet'], never: one };
  await inAnyOrder(emits, twice, (started) => {
    t.deepEqual(
      started.filter(({ fn }) => fn === 'second').map(({ inputs }) => inputs.length),
      [3, 3, 3],
    );
    t.false(started.some(({ fn }) => fn === 'never'));
  });
});

test('Joins of maps in maps, of k out of n and of sets start once each', async (t) => {
  const joins: readonly Dependency[] = [
    { pattern: 'map', from: 'outer', each: 'inner' },
    { pattern: 'map', from: 'inner', each: 'item', to: 'join' },
    { pattern: 'k-out-of-n', from: 'join', each: 'copy', n: 4, k: 2, to: 'pair' },
  ];
  await inAnyOrder({ outer: groups, inner: groups, item: one, join: one, copy: one, pair: one }, joins, (started) => {
    const inputsOf = (name: string): number[] => started.filter(({ fn }) => fn === name).map(({ inputs }) => inputs.length);
    t.deepEqual(inputsOf('join'), [3, 3, 3]);
    t.deepEqual(inputsOf('copy'), Array(12).fill(1));
    t.deepEqual(inputsOf('pair'), [2, 2, 2]);
  });
});
