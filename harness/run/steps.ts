/** The order of a round: nothing is run in blocks, so that whatever moves the machine moves all platforms alike. */
import type { Random } from '../statistics/random.ts';

/** One thing to do in a round. */
export type Step<Case, Platform, Floor> =
  | { readonly kind: 'trial'; readonly case: Case; readonly platform: Platform }
  | { readonly kind: 'floor'; readonly floor: Floor };

/** Every case in turn, on every platform in random order, with each floor once at a random place in between. */
export function roundSteps<Case, Platform, Floor>(
  cases: readonly Case[],
  platforms: readonly Platform[],
  floors: readonly Floor[],
  random: Random,
): Step<Case, Platform, Floor>[] {
  const steps = cases.flatMap((planned) =>
    random.shuffle(platforms).map((platform): Step<Case, Platform, Floor> => ({ kind: 'trial', case: planned, platform })),
  );
  for (const floor of random.shuffle(floors)) steps.splice(random.below(steps.length + 1), 0, { kind: 'floor', floor });
  return steps;
}
