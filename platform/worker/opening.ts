/** What sessions are opened with. */
import { NO_BUCKET, NO_FUNCTION, type ObjectLabel } from '../store/objects.ts';
import type { App } from './apps.ts';

/** How a session is opened. */
export interface OpenRequest {
  readonly app: App;
  readonly fn: string;
  readonly answer: 'first' | 'all';
  /** From now on; `undefined`: none. */
  readonly deadlineMs: number | undefined;
  readonly trace: boolean;
}

/** An object that comes from outside of any session. */
export interface NewObject {
  readonly bytes: Uint8Array;
  readonly label: ObjectLabel;
}

/** What the input of a call is labelled with. */
export const CALLERS_INPUT: ObjectLabel = { source: NO_FUNCTION, bucket: NO_BUCKET, key: '', group: '', metadata: '' };
