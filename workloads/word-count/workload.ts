import { beside, type FunctionSpec } from '../api/workflow.ts';
import type { Workload } from '../api/workload.ts';
import { decodeCounts, encodeInput, textOf, wordsOf } from './functions.ts';
import { CHAPTERS, pickChapters } from './text.ts';

const named = (name: string): FunctionSpec => ({ module: beside(import.meta.url, 'functions'), export: name });

/** MapReduce over a novel: split, count in parallel, shuffle by word, add up (paper: section 6.5). */
export const wordCount: Workload<'maps' | 'reducers' | 'chapters'> = {
  name: 'word-count',
  title: 'Word count',
  description: 'MapReduce over chapters of Moby Dick: split, count, shuffle by word, reduce. Paper: section 6.5, data-intensive workloads.',
  parameters: {
    maps: { default: 8, min: 1, max: 1_000, unit: 'functions', meaning: 'pieces of the text, counted in parallel' },
    reducers: { default: 4, min: 1, max: 1_000, unit: 'functions', meaning: 'groups that the words are divided among' },
    chapters: { default: 32, min: 1, max: CHAPTERS, unit: 'chapters', meaning: 'chapters of the novel, picked by the seed' },
  },
  workflow: () => ({
    name: 'word-count',
    entry: 'split',
    functions: { split: named('split'), count: named('count'), reduce: named('reduce') },
    dependencies: [
      { pattern: 'map', from: 'split', each: 'count' },
      { pattern: 'group', from: 'count', to: 'reduce' },
    ],
    result: 'all',
  }),
  input: ({ maps, reducers, chapters }, seed) => encodeInput(pickChapters(chapters, seed), maps, reducers),
  check({ reducers }, input, outputs) {
    const wanting = new Map<string, number>();
    for (const word of wordsOf(textOf(input))) wanting.set(word, (wanting.get(word) ?? 0) + 1);
    if (outputs.length > reducers) return { ok: false, why: `expected at most ${reducers} outputs, got ${outputs.length}` };
    let why: string | undefined;
    for (const { bytes } of outputs) {
      decodeCounts(bytes, (word, count) => {
        if (wanting.get(word) !== count) why ??= `expected "${word}" ${wanting.get(word) ?? 0} times, got ${count}`;
        wanting.delete(word);
      });
    }
    for (const [word, count] of wanting) why ??= `expected "${word}" ${count} times, got none`;
    return why === undefined ? { ok: true } : { ok: false, why };
  },
  hops: () => 2,
};
