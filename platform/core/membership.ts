/** Who belongs to a cluster, as its manager decides it (paper: cluster membership is the manager's). */
import { LIMITS } from './limits.ts';

/** A process that wants to be a member. */
export interface Candidate {
  /** Unique among the members. */
  readonly name: string;
  readonly role: 'worker' | 'coordinator';
  /** Where it listens. */
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** What functions can ask a worker for with `requires`. */
  readonly labels: readonly string[];
  /** Of a worker; 0 for a coordinator. */
  readonly executors: number;
  /** It takes no new work, and leaves when it has done what it has. */
  readonly draining: boolean;
}

export interface Member extends Candidate {
  /** A name that was away and comes back has another one: whoever sees it change knows that what was there is gone. */
  readonly incarnation: number;
}

/** The members at one moment. A later view has a higher version, also over restarts of the manager. */
export interface View {
  readonly version: number;
  readonly members: readonly Member[];
}

/** What is to be done; `link` is a connection to the manager, by the number that its host gave it. */
export type RosterEffect =
  /** Tell it that it is a member, and which incarnation of its name. */
  | { readonly type: 'admitted'; readonly link: number; readonly incarnation: number }
  /** Tell it that it is none, and why. */
  | { readonly type: 'refused'; readonly link: number; readonly message: string }
  /** Tell it that it does not belong here any more, and why, and end the connection. */
  | { readonly type: 'dropped'; readonly link: number; readonly message: string }
  /** Tell everyone who is connected. */
  | { readonly type: 'view'; readonly view: View };

export interface RosterOptions {
  /** How long a connected member may be silent before it is dropped. */
  readonly suspectMs: number;
  /** How long a member whose connection has ended has to come back before it is dropped. */
  readonly returnMs: number;
  /** Higher than that of any manager of the cluster before this one, such as the time of its start: versions begin here. */
  readonly startStamp: number;
}

interface Entry {
  member: Member;
  /** `undefined`: its connection has ended, or it is known by hearsay only. */
  link: number | undefined;
  /** Time that has been seen to pass since it was last heard of, and how much of it may pass. */
  silentMs: number;
  limitMs: number;
}

const NOTHING: readonly RosterEffect[] = [];

/**
 * The manager's list of members. Events and the time go in, effects come out. A name has one member; versions only
 * go up; a member is dropped after `suspectMs` of silence, as far as {@link tick} has seen that time pass.
 *
 * A manager that starts again knows nobody. It takes over the last view of the first who comes back with one, so
 * that members who have yet to find it again are not taken for dead; they have `suspectMs` for it.
 */
export class Roster {
  readonly #suspectMs: number;
  readonly #returnMs: number;
  readonly #startStamp: number;
  readonly #entries = new Map<string, Entry>();
  readonly #byLink = new Map<number, Entry>();
  readonly #watchers = new Map<number, { silentMs: number }>();
  #view: View;
  /** Highest version among the views that have been taken over. */
  #takenOver = 0;
  /** Time that has been seen to pass since the start, and when that was last looked at. */
  #ageMs = 0;
  #tickedMs: number | undefined;
  /** Until then, by `#ageMs`, whoever is gone may only have taken this manager for lost. */
  #indulgentUntilMs = 0;

  constructor({ suspectMs, returnMs, startStamp }: RosterOptions) {
    this.#suspectMs = suspectMs;
    this.#returnMs = returnMs;
    this.#startStamp = startStamp;
    this.#view = { version: startStamp, members: [] };
  }

  get view(): View {
    return this.#view;
  }

  /** Someone wants to be told of the views, the last of which it knew was `known`. */
  watch(link: number, known: View | undefined): readonly RosterEffect[] {
    this.#watchers.set(link, { silentMs: 0 });
    return this.#publishKnown(known);
  }

  /** `incarnation` is what the candidate was last admitted as, if it still believes to be a member. */
  join(link: number, candidate: Candidate, incarnation: number | undefined, known: View | undefined): readonly RosterEffect[] {
    const before = this.#publishKnown(known);
    const holder = this.#entries.get(candidate.name);
    const fault = this.#faultOf(link, candidate, incarnation, holder);
    if (fault !== undefined) return [...before, { type: 'refused', link, message: fault }];
    const effects = [...before];
    if (holder?.link !== undefined) effects.push(this.#cutOff(holder, 'it has another connection'));
    const admitted = holder !== undefined && holder.member.incarnation === incarnation ? incarnation : this.#view.version + 1;
    const entry: Entry = { member: { ...candidate, incarnation: admitted }, link, silentMs: 0, limitMs: this.#suspectMs };
    this.#entries.set(candidate.name, entry);
    this.#byLink.set(link, entry);
    effects.push({ type: 'admitted', link, incarnation: admitted }, this.#publish());
    return effects;
  }

  /** Who is at the other end of this connection lives. */
  beat(link: number): void {
    const entry = this.#byLink.get(link) ?? this.#watchers.get(link);
    if (entry !== undefined) entry.silentMs = 0;
  }

  /** The member of this connection takes no new work, or takes work again. */
  drain(link: number, draining: boolean): readonly RosterEffect[] {
    const entry = this.#byLink.get(link);
    if (entry === undefined || entry.member.draining === draining) return NOTHING;
    entry.member = { ...entry.member, draining };
    return [this.#publish()];
  }

  /** The member of this connection goes, and does not come back as what it was. */
  leave(link: number): readonly RosterEffect[] {
    const entry = this.#byLink.get(link);
    if (entry === undefined) return NOTHING;
    this.#byLink.delete(link);
    this.#entries.delete(entry.member.name);
    return [this.#publish()];
  }

  /** A connection has ended. */
  lost(link: number): void {
    this.#watchers.delete(link);
    const entry = this.#byLink.get(link);
    if (entry === undefined) return;
    this.#byLink.delete(link);
    entry.link = undefined;
    entry.silentMs = 0;
    entry.limitMs = this.#ageMs < this.#indulgentUntilMs ? this.#suspectMs : this.#returnMs;
  }

  /**
   * Drops who has been silent for too long. To be called several times within `returnMs` and `suspectMs`: of a longer
   * pause between two calls only a part counts, for then it was the manager that stood still; and those who have
   * taken it for lost meanwhile, and have ended their connections, get `suspectMs` to come back.
   */
  tick(nowMs: number): readonly RosterEffect[] {
    const passedMs = nowMs - (this.#tickedMs ?? nowMs);
    const stepMs = Math.min(passedMs, this.#suspectMs / 4);
    this.#tickedMs = nowMs;
    this.#ageMs += stepMs;
    if (passedMs > stepMs) this.#forgive();
    const effects: RosterEffect[] = [];
    for (const [link, watcher] of this.#watchers) {
      watcher.silentMs += stepMs;
      if (watcher.silentMs <= this.#suspectMs) continue;
      this.#watchers.delete(link);
      effects.push({ type: 'dropped', link, message: `connection: dropped, since it was silent for ${this.#suspectMs} ms` });
    }
    let changed = false;
    for (const entry of this.#entries.values()) {
      entry.silentMs += stepMs;
      if (entry.silentMs <= entry.limitMs) continue;
      this.#entries.delete(entry.member.name);
      changed = true;
      if (entry.link !== undefined) effects.push(this.#cutOff(entry, `it was silent for ${this.#suspectMs} ms`));
    }
    if (changed) effects.push(this.#publish());
    return effects.length > 0 ? effects : NOTHING;
  }

  #forgive(): void {
    this.#indulgentUntilMs = this.#ageMs + this.#suspectMs;
    for (const entry of this.#entries.values()) if (entry.link === undefined) entry.limitMs = this.#suspectMs;
  }

  #faultOf(link: number, { name }: Candidate, incarnation: number | undefined, holder: Entry | undefined): string | undefined {
    if (this.#byLink.has(link)) return `member ${name}: expected one member on a connection, got another`;
    if (holder === undefined) {
      const isFull = this.#entries.size >= LIMITS.members;
      return isFull ? `member ${name}: expected at most ${LIMITS.members} members` : undefined;
    }
    if (holder.link === undefined || holder.member.incarnation === incarnation) return undefined;
    const { role, pid, host } = holder.member;
    return `member ${name}: expected a name that no living member has, got that of ${role} ${pid} on ${host}`;
  }

  /** The entry keeps its place in the list, if it has one. */
  #cutOff(entry: Entry, why: string): RosterEffect {
    const link = entry.link!;
    this.#byLink.delete(link);
    entry.link = undefined;
    return { type: 'dropped', link, message: `member ${entry.member.name}: dropped, since ${why}` };
  }

  #publishKnown(known: View | undefined): readonly RosterEffect[] {
    return known !== undefined && this.#takesOver(known) ? [this.#publish()] : NOTHING;
  }

  /** Takes over who is in a view of an earlier manager and unknown here. Whether there is anything new to tell. */
  #takesOver(known: View): boolean {
    const isOwn = known.version >= this.#startStamp && known.version <= this.#view.version;
    if (isOwn || known.version <= this.#takenOver) return false;
    this.#takenOver = known.version;
    let changed = this.#view.version < known.version;
    if (changed) this.#view = { ...this.#view, version: known.version };
    if (this.#ageMs > this.#suspectMs) return changed;
    for (const member of known.members) {
      if (this.#entries.has(member.name) || this.#entries.size >= LIMITS.members) continue;
      this.#entries.set(member.name, { member, link: undefined, silentMs: 0, limitMs: this.#suspectMs });
      changed = true;
    }
    return changed;
  }

  #publish(): RosterEffect {
    this.#view = { version: this.#view.version + 1, members: [...this.#entries.values()].map(({ member }) => member) };
    return { type: 'view', view: this.#view };
  }
}
