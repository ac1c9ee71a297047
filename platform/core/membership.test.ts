import test from 'ava';
import fc from 'fast-check';
import { type Candidate, Roster, type RosterEffect, type View } from './membership.ts';

const OPTIONS = { suspectMs: 1_000, returnMs: 200, startStamp: 5_000 };

function candidate(name: string, more: Partial<Candidate> = {}): Candidate {
  const address = { host: '127.0.0.1', port: 7_000, pid: 11 };
  return { name, role: 'worker', ...address, labels: [], executors: 2, draining: false, ...more };
}

/** Lets time pass as a manager does that looks often. */
function pass(roster: Roster, fromMs: number, ms: number): RosterEffect[] {
  const effects: RosterEffect[] = [];
  for (let at = 0; at <= ms; at += 50) effects.push(...roster.tick(fromMs + at));
  return effects;
}

function admittedAs(effects: readonly RosterEffect[]): number {
  const admitted = effects.find((effect) => effect.type === 'admitted');
  if (admitted === undefined) throw new Error(`expected someone to be admitted, got ${JSON.stringify(effects)}`);
  return admitted.incarnation;
}

function names({ members }: View): string[] {
  return members.map(({ name }) => name).sort();
}

test('a member is in the view from when it joins until it leaves', (t) => {
  const roster = new Roster(OPTIONS);
  const effects = roster.join(1, candidate('w1', { labels: ['gpu'] }), undefined, undefined);
  const incarnation = admittedAs(effects);
  const members = [{ ...candidate('w1', { labels: ['gpu'] }), incarnation }];
  t.deepEqual(effects, [
    { type: 'admitted', link: 1, incarnation },
    { type: 'view', view: { version: 5_001, members } },
  ]);
  t.deepEqual(roster.view, { version: 5_001, members });
  t.deepEqual(roster.leave(1), [{ type: 'view', view: { version: 5_002, members: [] } }]);
  t.deepEqual(roster.leave(1), []);
});

test('a member that is silent for longer than it may be is told so and dropped; one that beats stays', (t) => {
  const roster = new Roster(OPTIONS);
  roster.join(1, candidate('silent'), undefined, undefined);
  roster.join(2, candidate('lively'), undefined, undefined);
  const effects: RosterEffect[] = [];
  for (let at = 0; at <= 1_100; at += 100) {
    roster.beat(2);
    effects.push(...roster.tick(at));
  }
  t.deepEqual(effects, [
    { type: 'dropped', link: 1, message: 'member silent: dropped, since it was silent for 1000 ms' },
    { type: 'view', view: roster.view },
  ]);
  t.deepEqual(names(roster.view), ['lively']);
});

test('whoever watches is dropped when it is silent, as members are', (t) => {
  const roster = new Roster(OPTIONS);
  t.deepEqual(roster.watch(1, undefined), []);
  roster.watch(2, undefined);
  pass(roster, 0, 600);
  roster.beat(2);
  t.deepEqual(pass(roster, 600, 600), [{ type: 'dropped', link: 1, message: 'connection: dropped, since it was silent for 1000 ms' }]);
  roster.lost(2);
  t.deepEqual(pass(roster, 1_200, 1_200), []);
});

test('time in which the manager itself stood still is not held against the members', (t) => {
  const roster = new Roster(OPTIONS);
  roster.join(1, candidate('w1'), undefined, undefined);
  roster.tick(0);
  t.deepEqual(roster.tick(60_000), []);
  roster.beat(1);
  t.deepEqual(pass(roster, 60_000, 900), []);
});

test('members that took a manager for lost that stood still have time to come back, whichever is seen first', (t) => {
  for (const seesEndsFirst of [true, false]) {
    const roster = new Roster(OPTIONS);
    const incarnation = admittedAs(roster.join(1, candidate('w1'), undefined, undefined));
    roster.tick(0);
    if (seesEndsFirst) roster.lost(1);
    t.deepEqual(roster.tick(60_000), []);
    if (!seesEndsFirst) roster.lost(1);
    t.deepEqual(pass(roster, 60_000, 700), []);
    t.is(admittedAs(roster.join(2, candidate('w1'), incarnation, roster.view)), incarnation);
    roster.beat(2);
    pass(roster, 60_700, 900);
    roster.beat(2);
    pass(roster, 61_600, 500);
    roster.lost(2);
    t.is(pass(roster, 62_100, 250).length, 1, 'later on they have no more time than ever');
  }
});

test('a member whose connection ends has a moment to come back as what it was', (t) => {
  const roster = new Roster(OPTIONS);
  const incarnation = admittedAs(roster.join(1, candidate('w1'), undefined, undefined));
  roster.lost(1);
  pass(roster, 0, 150);
  t.is(admittedAs(roster.join(2, candidate('w1'), incarnation, roster.view)), incarnation);
  t.deepEqual(pass(roster, 150, 800), []);

  roster.lost(2);
  t.deepEqual(pass(roster, 1_000, 250), [{ type: 'view', view: { ...roster.view, members: [] } }]);
  t.true(admittedAs(roster.join(3, candidate('w1'), incarnation, roster.view)) > incarnation);
});

test('a second member of a name is refused while the first is connected, and replaces it afterwards', (t) => {
  const roster = new Roster(OPTIONS);
  const first = admittedAs(roster.join(1, candidate('w1'), undefined, undefined));
  const message = 'member w1: expected a name that no living member has, got that of worker 11 on 127.0.0.1';
  t.deepEqual(roster.join(2, candidate('w1', { pid: 12 }), undefined, undefined), [{ type: 'refused', link: 2, message }]);
  roster.lost(1);
  const second = admittedAs(roster.join(3, candidate('w1', { pid: 12 }), undefined, undefined));
  t.true(second > first);
  t.deepEqual(roster.view.members, [{ ...candidate('w1', { pid: 12 }), incarnation: second }]);
  t.deepEqual(roster.join(4, candidate('w1'), first, undefined)[0]?.type, 'refused');
});

test('a member that comes back over another connection before the first is seen to end keeps its place', (t) => {
  const roster = new Roster(OPTIONS);
  const incarnation = admittedAs(roster.join(1, candidate('w1'), undefined, undefined));
  const effects = roster.join(2, candidate('w1'), incarnation, roster.view);
  t.deepEqual(
    effects.map(({ type }) => type),
    ['dropped', 'admitted', 'view'],
  );
  t.is(admittedAs(effects), incarnation);
  roster.lost(1);
  roster.beat(2);
  t.deepEqual(pass(roster, 0, 900), []);
});

test('a connection carries one member', (t) => {
  const roster = new Roster(OPTIONS);
  roster.join(1, candidate('w1'), undefined, undefined);
  t.deepEqual(roster.join(1, candidate('w2'), undefined, undefined), [
    { type: 'refused', link: 1, message: 'member w2: expected one member on a connection, got another' },
  ]);
});

test('a member that drains stays in the view and is marked', (t) => {
  const roster = new Roster(OPTIONS);
  roster.join(1, candidate('w1'), undefined, undefined);
  t.deepEqual(roster.drain(1, true), [{ type: 'view', view: roster.view }]);
  t.true(roster.view.members[0]?.draining);
  t.deepEqual(roster.drain(1, true), []);
});

test('a manager that starts again takes over the last view, and drops of it who does not come back', (t) => {
  const before = new Roster(OPTIONS);
  const incarnation = admittedAs(before.join(1, candidate('w1'), undefined, undefined));
  before.join(2, candidate('w2'), undefined, undefined);
  const after = new Roster({ ...OPTIONS, startStamp: 9_000 });
  const effects = after.join(1, candidate('w1'), incarnation, before.view);
  t.is(admittedAs(effects), incarnation);
  t.deepEqual(names(after.view), ['w1', 'w2']);
  t.deepEqual(after.watch(2, before.view), []);
  for (let at = 0; at <= 1_100; at += 100) {
    after.beat(1);
    after.tick(at);
  }
  t.deepEqual(names(after.view), ['w1']);
});

test('a view that comes too late to a manager that has started again changes nothing but the versions', (t) => {
  const before = new Roster({ ...OPTIONS, startStamp: 50_000 });
  before.join(1, candidate('w1'), undefined, undefined);
  const after = new Roster(OPTIONS);
  pass(after, 0, 1_100);
  t.deepEqual(after.watch(1, before.view), [{ type: 'view', view: { version: before.view.version + 1, members: [] } }]);
  after.join(2, candidate('w2'), undefined, undefined);
  t.deepEqual(names(after.view), ['w2']);
  t.true(after.view.version > before.view.version);
});

test('who is heard of often enough stays, and nobody else', (t) => {
  const beats = fc.array(fc.subarray([0, 1, 2, 3, 4]), { maxLength: 60 });
  fc.assert(
    fc.property(beats, (heard) => {
      const roster = new Roster(OPTIONS);
      const silentMs = [0, 1, 2, 3, 4].map((link) => {
        roster.join(link, candidate(`w${link}`), undefined, undefined);
        return 0;
      });
      roster.tick(0);
      for (const [round, links] of heard.entries()) {
        for (const link of links) {
          roster.beat(link);
          if (silentMs[link]! <= OPTIONS.suspectMs) silentMs[link] = 0;
        }
        roster.tick((round + 1) * 100);
        for (const link of silentMs.keys()) silentMs[link]! += 100;
        const staying = [...silentMs.keys()].filter((link) => silentMs[link]! <= OPTIONS.suspectMs);
        t.deepEqual(
          names(roster.view),
          staying.map((link) => `w${link}`),
        );
      }
    }),
    { numRuns: 200 },
  );
});

type Event = readonly ['join' | 'again' | 'beat' | 'drain' | 'leave' | 'lost' | 'tick' | 'restart', number, number];
const events = fc.array(
  fc.tuple(fc.constantFrom<Event[0]>('join', 'again', 'beat', 'drain', 'leave', 'lost', 'tick', 'tick', 'restart'), fc.nat(7), fc.nat(400)),
  { maxLength: 80 },
);

test('whatever happens, views only go up, a name has one member, and an incarnation stands for one process', (t) => {
  fc.assert(
    fc.property(events, (history) => {
      let roster = new Roster(OPTIONS);
      let nowMs = 0;
      let links = 0;
      let last = roster.view;
      const linkOf = new Map<number, number>();
      const admitted = new Map<number, number>();
      const owners = new Map<number, number>();
      const apply = (effects: readonly RosterEffect[], process: number): void => {
        for (const effect of effects) {
          if (effect.type === 'admitted') {
            t.is(owners.get(effect.incarnation) ?? process, process);
            owners.set(effect.incarnation, process);
            admitted.set(process, effect.incarnation);
          } else if (effect.type === 'view') {
            t.true(effect.view.version > last.version);
            t.is(new Set(names(effect.view)).size, effect.view.members.length);
            last = effect.view;
          } else {
            for (const [owner, link] of linkOf) if (link === effect.link) linkOf.delete(owner);
          }
        }
      };
      for (const [event, process, ms] of history) {
        const link = linkOf.get(process) ?? -1;
        if (event === 'join' || event === 'again') {
          links += 1;
          const was = event === 'again' ? admitted.get(process) : undefined;
          linkOf.set(process, links);
          // Processes 0 and 4, 1 and 5, and so on share a name.
          apply(roster.join(links, candidate(`w${process % 4}`, { pid: process }), was, event === 'again' ? last : undefined), process);
        } else if (event === 'tick') {
          nowMs += ms;
          apply(roster.tick(nowMs), process);
        } else if (event === 'restart') {
          roster = new Roster({ ...OPTIONS, startStamp: last.version + 1_000 });
          linkOf.clear();
        } else if (event === 'drain') apply(roster.drain(link, ms % 2 === 0), process);
        else if (event === 'leave') apply(roster.leave(link), process);
        else roster[event](link);
      }
    }),
    { numRuns: 300 },
  );
});
