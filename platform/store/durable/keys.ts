/** What a key may be; the same holds for paths within a bundle. */
import { STORE_LIMITS } from './limits.ts';

/** Why a key is refused that some store would not take, or take for another one; `undefined` for one that all take. */
export function keyFault(key: string): string | undefined {
  const fault = prefixFault(key);
  if (fault !== undefined) return fault;
  for (const segment of key.split('/')) {
    if (segment === '') return 'expected no empty segment, and no slash at its beginning or end';
    if (segment === '.' || segment === '..') return `expected no segment "${segment}"`;
    if (Buffer.byteLength(segment) > STORE_LIMITS.segmentBytes) {
      return `expected segments of at most ${STORE_LIMITS.segmentBytes} bytes in UTF-8`;
    }
  }
  return undefined;
}

/** Why no key may begin like this, or `undefined`. */
export function prefixFault(text: string): string | undefined {
  if (Buffer.byteLength(text) > STORE_LIMITS.keyBytes) return `expected at most ${STORE_LIMITS.keyBytes} bytes in UTF-8`;
  if (!text.isWellFormed()) return 'expected well-formed Unicode';
  if (/[\p{Cc}\\]/u.test(text)) return 'expected no control character and no backslash';
  return undefined;
}

/** A key or path as it stands in a message, cut where it is long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}
