/** The JSON Schemas of what a run leaves behind, made from the schemas that the harness checks with. */
import { z } from 'zod';
import { manifest, runRecord, SCHEMA_VERSION } from '../harness/records.ts';
import { summaryFile } from '../harness/summary-file.ts';

const SUBJECTS: Readonly<Record<string, readonly [schema: z.ZodType, description: string]>> = {
  records: [runRecord, 'One line of records.jsonl.'],
  manifest: [manifest, 'manifest.json: what a run was and where it ran.'],
  summary: [summaryFile, 'What pherobench run --json writes: the figures of a run.'],
};

/** Text of each schema by its file name. */
export function schemaFiles(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(SUBJECTS).map(([name, [schema, description]]) => {
      const title = `pheromone-bench ${name}, schema version ${SCHEMA_VERSION}`;
      const { $schema, ...rest } = z.toJSONSchema(schema);
      return [`${name}.schema.json`, `${JSON.stringify({ $schema, title, description, ...rest }, undefined, 2)}\n`];
    }),
  );
}
