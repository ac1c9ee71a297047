/** From settings to what the roles are told. */
import { ConfigError } from '../config/config-error.ts';
import type { Configuration } from '../config/configuration.ts';
import { GATEWAY, GATEWAY_BOUNDS } from '../config/gateway-sections.ts';
import { readText } from '../config/read-file.ts';
import { CLUSTER, COORDINATOR, MANAGER, STORE, WORKER } from '../config/sections.ts';
import type { Address } from '../config/setting.ts';
import type { RoleOptions, Surroundings } from '../launch/start-role.ts';
import type { StoreConfig } from '../store/durable/open-store.ts';
import { secretOf, securityOf } from './settings.ts';

/** Everything that a role is told; files that the settings name are read. Throws a {@link ConfigError}. */
export const OPTIONS_OF: { readonly [R in keyof RoleOptions]: (configuration: Configuration) => RoleOptions[R] } = {
  manager: (configuration) => configuration.given(MANAGER),
  coordinator: (configuration) => ({ ...configuration.given(COORDINATOR), manager: managerOfRole(configuration, 'coordinator') }),
  worker(configuration) {
    const { manager } = configuration.of(CLUSTER);
    return { ...configuration.given(WORKER), ...(manager === undefined ? {} : { manager: addressText(manager) }) };
  },
  gateway(configuration) {
    const { node } = configuration.of(CLUSTER);
    const options = gatewayOptionsOf(configuration);
    return node === undefined
      ? { ...options, manager: managerOfRole(configuration, 'gateway') }
      : { ...options, upstreamHost: node.host, upstreamPort: node.port };
  },
};

/** The gateway's own options, wherever the platform is. */
export function gatewayOptionsOf(configuration: Configuration): RoleOptions['gateway'] {
  const { tokenFile, token, httpsCert, httpsKey, ...options } = configuration.given(GATEWAY);
  return {
    ...options,
    limits: configuration.given(GATEWAY_BOUNDS),
    token: secretOf('token', token, tokenFile),
    tlsCert: httpsCert && readText(httpsCert, 'a certificate'),
    tlsKey: httpsKey && readText(httpsKey, 'a private key'),
  };
}

/** What guards the cluster, and where it keeps what is to last; `folder`: where, unless the settings say. */
export function surroundingsOf(configuration: Configuration, folder?: string): Surroundings {
  return { security: securityOf(configuration.of(CLUSTER)), store: storeOf(configuration, folder) };
}

function storeOf(configuration: Configuration, folder: string | undefined): StoreConfig | undefined {
  const { kind, path = folder, endpoint, bucket, accessKey, secretKey, secretKeyFile } = configuration.of(STORE);
  if (kind === 'memory') return { kind };
  if (kind === 's3') {
    const given = { endpoint, bucket, 'access-key': accessKey, 'secret-key-file': secretOf('secret key', secretKey, secretKeyFile) };
    for (const [name, value] of Object.entries(given))
      if (value === undefined) throw new ConfigError(`store.${name}: expected one for a store of kind s3`);
    return { kind, endpoint: endpoint!, bucket: bucket!, accessKey: accessKey!, secretKey: given['secret-key-file']! };
  }
  if (path !== undefined) return { kind: 'disk', path };
  if (kind === 'disk') throw new ConfigError('store.path: expected one for a store of kind disk');
  return undefined;
}

function managerOfRole(configuration: Configuration, role: string): string {
  const { manager } = configuration.of(CLUSTER);
  if (manager === undefined) throw new ConfigError(`${role}: expected --manager HOST:PORT, got none`);
  return addressText(manager);
}

export function addressText({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
