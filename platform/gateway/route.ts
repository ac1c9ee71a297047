/** A route as data: what it takes and answers, for the server and for the OpenAPI document alike. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LIMITS } from '../core/limits.ts';
import type { GatewayContext } from './context.ts';
import type { ProblemCode } from './problem.ts';

/** JSON Schema, 2020-12. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly description: string;
  /** By media type. */
  readonly content?: Readonly<Record<string, Schema>>;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: Schema }>>;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its parameters, all of them of {@link PATH_PARAMETERS}, as `:name`. */
  readonly path: string;
  readonly summary: string;
  /** By name. Anything else in the query is refused. */
  readonly query?: Readonly<Record<string, Schema>>;
  readonly body?: {
    readonly description: string;
    readonly content: Readonly<Record<string, Schema>>;
    /** Which limit bounds it. */
    readonly limit: 'bodyBytes' | 'definitionBytes';
  };
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** The errors that are its own, besides those that every route may answer. */
  readonly faults: readonly ProblemCode[];
  /** Whether it is served without a token, too. */
  readonly isOpen?: boolean;
  /** What it throws or rejects with becomes the answer. */
  handle(request: FastifyRequest, reply: FastifyReply, context: GatewayContext): void | Promise<void>;
}

const NAME: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: LIMITS.nameLength,
  // No control characters, no slashes, and neither of the names that mean a folder.
  pattern: '^(?!\\.{1,2}$)[^\\u0000-\\u001f\\u007f-\\u009f/\\\\]+$',
};

export const PATH_PARAMETERS: Readonly<Record<string, Schema>> = {
  app: { ...NAME, description: 'Name of an app' },
  fn: { ...NAME, description: 'Name of one of its functions' },
  id: { type: 'string', format: 'uuid', description: 'Id of an asynchronous run' },
};

/** Names of the parameters in a path. */
export function parametersOf(path: string): string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
}

/** Refers to a schema of the document's components. */
export function refTo(component: string): Schema {
  return { $ref: `#/components/schemas/${component}` };
}
