import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ConfigError } from '../config/config-error.ts';
import { type Configuration, readConfiguration } from '../config/configuration.ts';
import { SECTIONS } from '../config/sections.ts';
import { OPTIONS_OF, surroundingsOf } from './role-options.ts';

const folder = mkdtempSync(join(tmpdir(), 'role-options-'));
test.after.always(() => rmSync(folder, { recursive: true }));

/** What variables of the environment say. */
function of(env: Readonly<Record<string, string>>): Configuration {
  return readConfiguration(SECTIONS, { env, flags: {} });
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('Nothing that was left out is handed to a role', (t) => {
  t.deepEqual(OPTIONS_OF.worker(of({})), {});
  t.deepEqual(OPTIONS_OF.manager(of({})), {});
  t.deepEqual(surroundingsOf(of({})), { security: undefined, store: undefined });
});

test('Roles of a cluster are told its manager, a gateway to one node that node', (t) => {
  const cluster = of({ PHEROMONE_CLUSTER_MANAGER: '[::1]:7000' });
  t.deepEqual(OPTIONS_OF.worker(cluster), { manager: '[::1]:7000' });
  t.deepEqual(OPTIONS_OF.coordinator(cluster), { manager: '[::1]:7000' });
  t.is(OPTIONS_OF.gateway(cluster).manager, '[::1]:7000');
  t.like(OPTIONS_OF.gateway(of({ PHEROMONE_CLUSTER_NODE: '127.0.0.1:7070' })), { upstreamHost: '127.0.0.1', upstreamPort: 7070 });
  t.throws(() => OPTIONS_OF.gateway(of({})), { instanceOf: ConfigError, message: 'gateway: expected --manager HOST:PORT, got none' });
});

test('Secrets come from the environment, or from files without the blanks around them', (t) => {
  const secretFile = file('secret', '  of the file\n');
  t.deepEqual(surroundingsOf(of({ PHEROMONE_CLUSTER_SECRET: 'of the environment' })).security, { secret: 'of the environment' });
  t.deepEqual(surroundingsOf(of({ PHEROMONE_CLUSTER_SECRET_FILE: secretFile })).security, { secret: 'of the file' });
  t.is(OPTIONS_OF.gateway(of({ PHEROMONE_CLUSTER_MANAGER: 'm:1', PHEROMONE_GATEWAY_TOKEN_FILE: secretFile })).token, 'of the file');
  const empty = of({ PHEROMONE_CLUSTER_SECRET_FILE: file('empty', '\n') });
  t.throws(() => surroundingsOf(empty), { instanceOf: ConfigError, message: /empty: expected a secret, got an empty file$/ });
});

test('Certificates are read, and go together', (t) => {
  const env = { PHEROMONE_CLUSTER_TLS_CERT: file('cert', 'C'), PHEROMONE_CLUSTER_TLS_KEY: file('key', 'K') };
  t.throws(() => surroundingsOf(of(env)), {
    instanceOf: ConfigError,
    message: /^tls-ca: expected one, as tls-cert, tls-key and tls-ca go together$/,
  });
  const { security } = surroundingsOf(of({ ...env, PHEROMONE_CLUSTER_TLS_CA: file('ca', 'A'), PHEROMONE_CLUSTER_TLS_SERVER_NAME: 'n' }));
  t.deepEqual(security, { secret: undefined, tls: { cert: 'C', key: 'K', ca: 'A', serverName: 'n' } });
});

test('A store is on disk where there is a path, and S3 needs all of its account', (t) => {
  t.deepEqual(surroundingsOf(of({ PHEROMONE_STORE_PATH: '/data' })).store, { kind: 'disk', path: '/data' });
  t.deepEqual(surroundingsOf(of({}), '/own').store, { kind: 'disk', path: '/own' });
  t.deepEqual(surroundingsOf(of({ PHEROMONE_STORE_KIND: 'memory' }), '/own').store, { kind: 'memory' });
  const s3 = {
    PHEROMONE_STORE_KIND: 's3',
    PHEROMONE_STORE_ENDPOINT: 'http://s:9000',
    PHEROMONE_STORE_BUCKET: 'b',
    PHEROMONE_STORE_ACCESS_KEY: 'a',
  };
  t.throws(() => surroundingsOf(of(s3)), {
    instanceOf: ConfigError,
    message: 'store.secret-key-file: expected one for a store of kind s3',
  });
  const { store } = surroundingsOf(of({ ...s3, PHEROMONE_STORE_SECRET_KEY: 'k' }));
  t.deepEqual(store, { kind: 's3', endpoint: 'http://s:9000', bucket: 'b', accessKey: 'a', secretKey: 'k' });
});

test('A disk store without a path is refused', (t) => {
  t.throws(() => surroundingsOf(of({ PHEROMONE_STORE_KIND: 'disk' })), { instanceOf: ConfigError, message: /^store\.path: expected one/ });
});
