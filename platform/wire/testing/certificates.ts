/** Certificates for tests, made anew. */
import { generate } from 'selfsigned';
import type { Tls } from '../security.ts';

/** A private authority, which signs certificates for hosts. */
export interface Authority {
  issue(host: string): Promise<Tls>;
}

const KEYS = { keyType: 'ec', algorithm: 'sha256' } as const;

export async function newAuthority(): Promise<Authority> {
  const extensions = [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, critical: true },
  ] as const;
  const ca = await generate([{ name: 'commonName', value: 'test authority' }], { ...KEYS, extensions: [...extensions] });
  return {
    async issue(host) {
      const name = /^[\d.]+$/.test(host) ? ({ type: 7, ip: host } as const) : ({ type: 2, value: host } as const);
      const { cert, private: key } = await generate([{ name: 'commonName', value: host }], {
        ...KEYS,
        ca: { cert: ca.cert, key: ca.private },
        extensions: [
          { name: 'basicConstraints', cA: false },
          { name: 'keyUsage', digitalSignature: true },
          { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
          { name: 'subjectAltName', altNames: [name] },
        ],
      });
      return { cert, key, ca: ca.cert };
    },
  };
}
