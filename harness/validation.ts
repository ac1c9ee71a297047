/** Checks data from outside against a schema, and words what does not fit in one line. */
import { z } from 'zod';
import { didYouMean } from '../workloads/api/complaint.ts';
import { InputError } from './input-error.ts';

type Issue = z.core.$ZodIssue;

/** Parses JSON. Throws an {@link InputError} that begins with `where`. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${where}: expected JSON, got: ${(error as Error).message.replaceAll(/\s+/g, ' ')}`);
  }
}

/** The value, if it fits the schema. Throws an {@link InputError}: where, what was expected, what came. */
export function validate<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const { issues } = result.error;
  // A key that is not known explains one that is missing.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
  throw new InputError(`${where}: ${issue.path.length === 0 ? '' : `${issue.path.join('.')}: `}${wording(issue, schema)}`);
}

function wording(issue: Issue, schema: z.ZodType): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected}, got ${nameOf(issue.input)}`;
    case 'invalid_value': {
      const values = issue.values.map(String);
      return `expected ${values.join(' or ')}, got ${nameOf(issue.input)}${didYouMean(String(issue.input), values)}`;
    }
    case 'invalid_union': {
      if (issue.discriminator === undefined || !('options' in issue)) return `${issue.message}, got ${nameOf(issue.input)}`;
      const options = (issue.options ?? []).map(String);
      const came = (issue.input as Readonly<Record<string, unknown>>)[issue.discriminator];
      return `expected ${options.join(' or ')}, got ${nameOf(came)}${didYouMean(String(came), options)}`;
    }
    case 'unrecognized_keys': {
      const known = keysAt(z.toJSONSchema(schema, { unrepresentable: 'any' }), issue.path);
      return `expected only the keys ${known.join(', ')}, got "${issue.keys[0]}"${didYouMean(issue.keys[0] ?? '', known)}`;
    }
    case 'too_small':
      return `expected at least ${issue.minimum}, got ${nameOf(issue.input)}`;
    case 'too_big':
      return `expected at most ${issue.maximum}, got ${nameOf(issue.input)}`;
    default:
      return `${issue.message}, got ${nameOf(issue.input)}`;
  }
}

function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

type Node = z.core.JSONSchema.BaseSchema;

/** The keys that the schema knows at `path`, in all its variants. */
function keysAt(node: Node, path: readonly PropertyKey[]): string[] {
  const variants = [node, ...(node.anyOf ?? []), ...(node.oneOf ?? [])] as Node[];
  const [head, ...rest] = path;
  const below = variants.flatMap((variant): string[] => {
    if (head === undefined) return Object.keys(variant.properties ?? {});
    const next = typeof head === 'number' ? variant.items : (variant.properties?.[String(head)] ?? variant.additionalProperties);
    return typeof next === 'object' ? keysAt(next as Node, rest) : [];
  });
  return [...new Set(below)];
}
