/** The states of a workflow, block by block. Pure. */
import type { DriverError } from '../../workloads/api/driver.ts';
import { dependenciesBySource, joinedEach, runsSeveralTimes } from '../../workloads/api/graph.ts';
import type { Assemble, Batch, Dependency, Group, MapEach, Workflow } from '../../workloads/api/workflow.ts';
import { type Branch, type InlineMap, NO_VALUE, REGROUP, type State, type Task, type Transition } from './asl.ts';
import { blocksOf, type Item, type Join, sourcesIn } from './blocks.ts';
import { refusal, tooLarge } from './refusal.ts';

/** More cannot fit into the limit of a definition. */
const MAX_STATES = 10_000;
/** What Lambda allows at most; a function's own timeout is kept where it runs. The interpreter's default would be 60. */
const TASK_TIMEOUT_SECONDS = 900;

/** What a state machine must know of a function. */
export interface TaskConfig {
  readonly timeoutMs: number;
  /** Whether emitting nothing is the error {@link NO_VALUE}, which its state catches. */
  readonly isValueNeeded: boolean;
}

/** A scope of states that is being filled. */
interface Block {
  readonly states: Map<string, State | undefined>;
  /** State of each function that runs here, in the order in which they are placed. */
  readonly placed: Map<string, string>;
  /** Joins that lie outside: values for them leave the block. */
  readonly open: ReadonlySet<Dependency>;
  readonly isNested: boolean;
  /** Where its values go. */
  readonly exits: Set<Exit>;
  /** The state that ends it without a value. */
  nothing?: string;
}

type Exit = Join | 'caller';

const END: Transition = { End: true };

/** A state machine in the making. */
export class Machine {
  readonly tasks = new Map<string, string>();
  /** Functions of inner blocks whose values go to the caller. */
  readonly nestedEnds = new Set<string>();
  readonly #workflow: Workflow;
  readonly #functions: Readonly<Record<string, TaskConfig>>;
  readonly #index: ReadonlyMap<string, readonly Dependency[]>;
  readonly #names = new Set<string>();
  readonly #batches = new Set<Batch>();
  /** Functions whose state, with the blocks in it, is being made. */
  readonly #active = new Set<string>();

  constructor(workflow: Workflow, functions: Readonly<Record<string, TaskConfig>>) {
    this.#workflow = workflow;
    this.#functions = functions;
    this.#index = dependenciesBySource(workflow);
  }

  /** All states. Throws `UNSUPPORTED_PATTERN` if they do not nest. */
  compile(): Branch {
    const { branch, exit } = this.#block({ kind: 'call', fn: this.#workflow.entry }, this.#workflow.entry, undefined, new Set());
    if (exit !== undefined && exit !== 'caller') throw this.#notNested(exit);
    return branch;
  }

  /** The states of `item`, which the values of `fn` start, in a scope of their own, and where their values go. */
  #block(item: Item, fn: string, outer: Block | undefined, open: Iterable<Dependency>): { branch: Branch; exit: Exit | undefined } {
    const block: Block = {
      states: new Map(),
      placed: new Map(),
      open: new Set([...(outer?.open ?? []), ...open]),
      isNested: outer !== undefined,
      exits: new Set(),
    };
    const start = this.#start(item, fn, block);
    const StartAt = 'Next' in start ? start.Next : this.#add(block, `Value of ${fn}`, () => ({ Type: 'Pass', ...END }));
    // What is placed meanwhile follows.
    for (const [name, state] of block.placed) {
      this.#active.add(name);
      block.states.set(state, this.#task(name, block));
      this.#active.delete(name);
    }
    const [exit, ...others] = block.exits;
    const join = [...block.exits].find((other) => other !== 'caller');
    if (others.length > 0) throw this.#notNested(join!);
    return { branch: { StartAt, States: Object.fromEntries(block.states) as Record<string, State> }, exit };
  }

  /** Adds a state; it stands before those that `make` adds. */
  #add(block: Block, label: string, make: () => State): string {
    const name = this.#reserve(block, label);
    block.states.set(name, make());
    return name;
  }

  #reserve(block: Block, label: string): string {
    if (this.#names.size === MAX_STATES) throw tooLarge(this.#workflow, `more than ${MAX_STATES} states`);
    let name = label;
    for (let copy = 2; this.#names.has(name); copy++) name = `${label} ${copy}`;
    this.#names.add(name);
    block.states.set(name, undefined);
    return name;
  }

  /** The state that runs `fn` in `block`; it is made later, so that a long chain needs no deep stack. */
  #place(fn: string, block: Block): string {
    const placed = block.placed.get(fn);
    if (placed !== undefined) return placed;
    if (this.#active.has(fn)) throw this.#notNested(this.#index.get(fn)![0]!);
    const state = this.#reserve(block, fn);
    block.placed.set(fn, state);
    this.tasks.set(state, fn);
    return state;
  }

  #task(fn: string, block: Block): Task {
    const { timeoutMs, isValueNeeded } = this.#functions[fn]!;
    const after = this.#after(fn, block);
    return {
      Type: 'Task',
      Resource: arnOf(fn),
      TimeoutSeconds: Math.max(TASK_TIMEOUT_SECONDS, Math.ceil(timeoutMs / 1_000)),
      ...(isValueNeeded ? { Catch: [{ ErrorEquals: [NO_VALUE], Next: this.#nothing(block) }] } : {}),
      ...after,
    };
  }

  #nothing(block: Block): string {
    block.nothing ??= this.#add(block, 'Nothing', () => ({ Type: 'Pass', Result: [], ...END }));
    return block.nothing;
  }

  #after(fn: string, block: Block): Transition {
    const taking = this.#index.get(fn) ?? [];
    const [choice] = taking;
    if (choice?.pattern === 'choice') {
      const rules = (): State => ({
        Type: 'Choice',
        Choices: Object.entries(choice.to).map(([key, to]) => ({
          Variable: '$[0].key',
          StringEquals: key,
          Next: this.#place(to, block),
        })),
      });
      return { Next: this.#add(block, `Key of ${fn}`, rules) };
    }
    const joining = this.#workflow.dependencies.filter((d): d is MapEach => joinedEach(d) === fn);
    const items = [...taking.flatMap((d) => itemsOf(d, fn)), ...joining.map((join): Item => ({ kind: 'value', from: fn, join }))];
    if (items.length === 0) return this.#exit('caller', fn, block);
    const [only, ...others] = blocksOf(this.#workflow, items, block.open);
    if (others.length === 0) return this.#start(only!, fn, block);
    const fork = (): State => {
      const branches = [only!, ...others].map((item) => this.#block(item, fn, block, []));
      for (const { exit } of branches) if (exit !== undefined) block.exits.add(exit);
      return { Type: 'Parallel', Branches: branches.map(({ branch }) => branch), ...END };
    };
    return { Next: this.#add(block, `Fork ${fn}`, fork) };
  }

  #exit(exit: Exit, fn: string, block: Block): Transition {
    block.exits.add(exit);
    if (exit === 'caller' && block.isNested) this.nestedEnds.add(fn);
    return END;
  }

  #start(item: Item, fn: string, block: Block): Transition {
    switch (item.kind) {
      case 'call':
        return { Next: this.#place(item.fn, block) };
      case 'map':
        return { Next: this.#map(`Map ${fn}`, { kind: 'call', fn: item.d.each }, fn, item.d, block) };
      case 'batch':
        return { Next: this.#partition(item.d, block) };
      case 'full':
        return { Next: this.#ifFull(item.d, block) };
      case 'joined':
        return { Next: this.#joined(item.join, item.members, fn, block) };
      case 'value':
        return this.#value(item.join, fn, block);
    }
  }

  #value(join: Join, fn: string, block: Block): Transition {
    if (join.pattern === 'assemble' && join.from.length === 1) return { Next: this.#place(join.to, block) };
    if (block.open.has(join)) return this.#exit(join, fn, block);
    if (join.pattern === 'group') return { Next: this.#groups(join, block) };
    throw this.#notNested(join);
  }

  /** A Map whose iterations begin with `item`; groups are formed after the outermost one. */
  #map(label: string, item: Item, fn: string, own: MapEach | undefined, block: Block, path: Pick<InlineMap, 'ItemsPath'> = {}): string {
    return this.#add(block, label, () => {
      const groups = this.#workflow.dependencies.filter((d) => d.pattern === 'group');
      const { branch, exit } = this.#block(item, fn, block, own === undefined ? groups : [...groups, own]);
      const ItemProcessor = { ProcessorConfig: { Mode: 'INLINE' as const }, ...branch };
      return { Type: 'Map', ...path, ItemProcessor, ...this.#afterMap(exit, own, block) };
    });
  }

  #afterMap(exit: Exit | undefined, own: MapEach | undefined, block: Block): Transition {
    if (own?.to !== undefined && exit === own) return { Next: this.#place(own.to, block) };
    if (exit !== undefined && exit !== 'caller' && exit.pattern === 'group' && !block.open.has(exit))
      return { Next: this.#groups(exit, block) };
    if (exit !== undefined) block.exits.add(exit);
    return END;
  }

  #groups(group: Group, block: Block): string {
    const regroup = this.#add(block, `Regroup ${group.from}`, () => ({
      Type: 'Task',
      Resource: arnOf(REGROUP),
      TimeoutSeconds: TASK_TIMEOUT_SECONDS,
      Next: this.#map(`Groups of ${group.from}`, { kind: 'call', fn: group.to }, group.from, undefined, block),
    }));
    this.tasks.set(regroup, REGROUP);
    return regroup;
  }

  #joined(join: Assemble | Group, members: readonly Item[], fn: string, block: Block): string {
    const branchOf = (member: Item): Branch => {
      const { branch, exit } = this.#block(member, fn, block, [join]);
      const isOneOfMany = join.pattern === 'group' || sourcesIn(this.#workflow, member, join).length === 1;
      if (exit !== join || !isOneOfMany) throw this.#notNested(join);
      return branch;
    };
    return this.#add(block, `Fork ${fn}`, () => ({
      Type: 'Parallel',
      Branches: members.map(branchOf),
      Next: join.pattern === 'group' ? this.#groups(join, block) : this.#ifAll(join, block),
    }));
  }

  /** Goes on only if every source of `join` has given its value. */
  #ifAll(join: Assemble, block: Block): string {
    return this.#add(block, `All for ${join.to}`, () => ({
      Type: 'Choice',
      Choices: [
        {
          And: join.from.map((_, branch) => ({ Variable: `$[${branch}][0]`, IsPresent: true as const })),
          Next: this.#place(join.to, block),
        },
      ],
      Default: this.#nothing(block),
    }));
  }

  #partition(batch: Batch, block: Block): string {
    const { from, size } = batch;
    if (this.#batches.has(batch) || runsSeveralTimes(this.#workflow).has(from)) {
      throw refusal(this.#workflow, batch, `all values of the session in the result of one invocation of "${from}"`, 'several invocations');
    }
    this.#batches.add(batch);
    return this.#add(block, `Partition ${from}`, () => ({
      Type: 'Pass',
      Parameters: { 'batches.$': `States.ArrayPartition($, ${size})` },
      Next: this.#map(`Batches of ${from}`, { kind: 'full', d: batch }, from, undefined, block, { ItemsPath: '$.batches' }),
    }));
  }

  /** The last batch may be short; it starts nothing. */
  #ifFull({ from, size, to }: Batch, block: Block): string {
    return this.#add(block, `If full ${from}`, () => ({
      Type: 'Choice',
      Choices: [{ Variable: `$[${size - 1}]`, IsPresent: true, Next: this.#place(to, block) }],
      Default: this.#nothing(block),
    }));
  }

  #notNested(d: Dependency): DriverError {
    return refusal(
      this.#workflow,
      d,
      'blocks that nest, each with all of its values going to the caller or to one join',
      'a graph that is not',
    );
  }
}

function itemsOf(d: Dependency, fn: string): readonly Item[] {
  switch (d.pattern) {
    case 'sequence':
      return [{ kind: 'call', fn: d.to }];
    case 'parallel':
      return d.to.map((to) => ({ kind: 'call', fn: to }));
    case 'map':
      return [{ kind: 'map', d }];
    case 'batch':
      return [{ kind: 'batch', d }];
    case 'assemble':
    case 'group':
      return [{ kind: 'value', from: fn, join: d }];
    default:
      return [];
  }
}

function arnOf(fn: string): string {
  return `arn:aws:lambda:us-east-1:000000000000:function:${fn}`;
}
