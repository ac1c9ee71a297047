/** What an invocation sends when it is over: to whom, with which share of its credits. Pure. */
import type { Emitted } from '../../workloads/api/run-body.ts';
import type { Choice, Dependency, MapEach, Parallel, Sequence } from '../../workloads/api/workflow.ts';
import { type FunctionRoute, hashOf, processOf, type Routes } from './compile.ts';
import { type Credit, type Credits, SESSION, splitCredit, WHOLE } from './credit.ts';
import { emptyLineage, type Item, type Lineage, type Message } from './message.ts';

export type Destination =
  /** Start a function. */
  | { readonly kind: 'call'; readonly process: number; readonly fn: string }
  /** Take part in a join; `group` messages carry the values of one source for the groups that the process keeps. */
  | { readonly kind: 'join' | 'group'; readonly process: number; readonly dependency: number }
  /** The caller: a value, or the news that nothing came of it. */
  | { readonly kind: 'value' | 'nothing' };

/** A message and its body; `group` messages have any number of values, all others at most one. */
export interface Outgoing {
  readonly destination: Destination;
  readonly message: Message;
  readonly values: readonly Emitted[];
}

/** An invocation that is over. */
export interface Ended {
  readonly fn: string;
  readonly lineage: Lineage;
  /** Which item of a join it was. */
  readonly item: Item | undefined;
  readonly emitted: readonly Emitted[];
  /** Unique in the session: names the joins that the invocation opens. */
  readonly instance: string;
}

/** Dependencies whose target waits for more than one message. */
export type Joining = Exclude<Dependency, Choice | Parallel | Sequence | MapEach> | (MapEach & { readonly to: string });

/** A message before the credits are divided. */
interface Draft {
  readonly destination: Destination;
  readonly values: readonly Emitted[];
  readonly item?: Item;
  /** The function that the message leads to; `undefined`: none. */
  readonly leadsTo: string | undefined;
}

const BLANK: Emitted = { bytes: new Uint8Array(0), key: '', group: '' };

/** What a session starts with that begins at function `root`; only if it is tracked does its end reach the caller. */
export function openLineage({ functions }: Routes, root: string, session: string, isTracked: boolean): Lineage {
  const names = [...(isTracked ? [SESSION] : []), ...functions[root]!.holdsUp.map(String)];
  return { ...emptyLineage(session), credits: new Map(names.map((name) => [name, WHOLE])) };
}

/** The messages of an invocation that is over, in the order in which they are to leave. */
export function planEnded(routes: Routes, ended: Ended): readonly Outgoing[] {
  const route = routes.functions[ended.fn]!;
  const drafts = route.taking.flatMap((index) => draftsFor(routes, index, ended));
  if (ended.item !== undefined) drafts.push(joinDraft(routes, ended.item.dependency, ended, ended.emitted.slice(0, 1), ended.item));
  if (route.isTerminal)
    for (const value of ended.emitted) drafts.push({ destination: { kind: 'value' }, values: [value], leadsTo: undefined });
  return addressed(routes, route, ended, drafts);
}

/** The messages that give a lineage back of which nothing comes: to the caller and to the groups that it holds up. */
export function planNothing(routes: Routes, fn: string, lineage: Lineage): readonly Outgoing[] {
  return addressed(routes, routes.functions[fn]!, { fn, lineage, item: undefined, emitted: [], instance: '' }, []);
}

function draftsFor(routes: Routes, index: number, ended: Ended): Draft[] {
  const d = routes.dependencies[index]!;
  const { emitted } = ended;
  switch (d.pattern) {
    case 'sequence':
      return emitted.map((value) => callDraft(routes, d.to, ended, value));
    case 'choice':
      return emitted.map((value) => callDraft(routes, d.to[value.key]!, ended, value));
    case 'parallel':
      return emitted.flatMap((value) => d.to.map((to) => callDraft(routes, to, ended, value)));
    case 'map':
      if (d.to !== undefined && emitted.length === 0) return [joinDraft(routes, index, ended, [], itemAt(index, ended, 0, 0))];
      return emitted.map((value, at) => {
        const item = d.to === undefined ? undefined : itemAt(index, ended, at, emitted.length);
        return callDraft(routes, d.each, ended, value, at, item);
      });
    case 'k-out-of-n':
      return emitted.flatMap((value) =>
        Array.from({ length: d.n }, (_, at) => callDraft(routes, d.each, ended, value, at, itemAt(index, ended, at, d.n))),
      );
    case 'group':
      return groupDrafts(routes, index, d.to, ended);
    default:
      return emitted.map((value) => joinDraft(routes, index, ended, [value]));
  }
}

function itemAt(dependency: number, { instance }: Ended, index: number, count: number): Item {
  return { dependency, instance, index, count };
}

function callDraft(routes: Routes, fn: string, { instance }: Ended, value: Emitted, spread = 0, item?: Item): Draft {
  const process = processOf(routes, fn, hashOf(instance) + spread);
  return { destination: { kind: 'call', process, fn }, values: [value], leadsTo: fn, ...(item === undefined ? {} : { item }) };
}

function joinDraft(routes: Routes, dependency: number, { lineage }: Ended, values: readonly Emitted[], item?: Item): Draft {
  const { to } = routes.dependencies[dependency] as Joining;
  const process = processOf(routes, to, hashOf(item?.instance ?? lineage.session));
  return { destination: { kind: 'join', process, dependency }, values, leadsTo: to, ...(item === undefined ? {} : { item }) };
}

/** One message to each process that keeps one of the groups. */
function groupDrafts(routes: Routes, dependency: number, to: string, { emitted }: Ended): Draft[] {
  const parts = Map.groupBy(emitted, ({ group }) => processOf(routes, to, hashOf(group)));
  return [...parts].map(([process, values]) => ({ destination: { kind: 'group', process, dependency }, values, leadsTo: to }));
}

/**
 * Divides the credits: the session's among all messages, each group's among those that can still lead to its
 * sources. Where none can, this source is over, and every process that keeps the group's values is told so.
 */
function addressed(routes: Routes, { holdsUp }: FunctionRoute, { lineage, fn }: Ended, drafts: readonly Draft[]): readonly Outgoing[] {
  const sending: readonly Draft[] = drafts.length > 0 ? drafts : [{ destination: { kind: 'nothing' }, values: [], leadsTo: undefined }];
  const shares = sending.map(() => new Map<string, Credit>());
  const divide = (name: string, among: readonly Map<string, Credit>[]): void => {
    const credit = lineage.credits.get(name);
    if (credit === undefined) return;
    for (const [at, share] of splitCredit(credit, among.length).entries()) among[at]!.set(name, share);
  };
  divide(SESSION, shares);
  const extra: Draft[] = [];
  for (const group of holdsUp) {
    const leading = sending.flatMap(({ leadsTo }, at) => (leadsToSource(routes, leadsTo, group) ? [shares[at]!] : []));
    if (leading.length > 0) {
      divide(String(group), leading);
      continue;
    }
    for (let process = 0; process < routes.processes; process++) {
      let at = sending.findIndex(({ destination: to }) => to.kind === 'group' && to.dependency === group && to.process === process);
      if (at === -1) {
        at =
          sending.length + extra.push({ destination: { kind: 'group', process, dependency: group }, values: [], leadsTo: undefined }) - 1;
        shares.push(new Map());
      }
      shares[at]!.set(String(group), lineage.credits.get(String(group))!);
    }
  }
  return [...sending, ...extra].map((draft, at) => outgoing(draft, shares[at]!, fn, at === 0 ? lineage : emptyLineage(lineage.session)));
}

function leadsToSource(routes: Routes, fn: string | undefined, group: number): boolean {
  return fn !== undefined && routes.functions[fn]!.holdsUp.includes(group);
}

/** Spans travel once: `lineage` is that of the invocation for its first message and empty for the others. */
function outgoing({ destination, values, item }: Draft, credits: Credits, fn: string, { session, spans, aside }: Lineage): Outgoing {
  const { key, group } = values[0] ?? BLANK;
  return {
    destination,
    message: {
      lineage: { session, credits, spans, aside },
      value: { from: fn, key, group },
      hasValue: values.length > 0,
      ...(item === undefined ? {} : { item }),
    },
    values,
  };
}
