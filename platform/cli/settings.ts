/** Settings as flags of a command, and what was given of them all. */
import { type Command, Option } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { CONFIG_VARIABLE, type Configuration, type Flags, readConfiguration } from '../config/configuration.ts';
import { readText } from '../config/read-file.ts';
import { CLUSTER, type ClusterSettings, SECTIONS, SHARED } from '../config/sections.ts';
import { flagName, type Section, settingsOf, variable } from '../config/setting.ts';
import { configureLog } from '../log/log.ts';
import type { Security } from '../wire/security.ts';

/** A section of which a command takes flags; `options`: these alone. */
export interface Offer {
  readonly section: Section;
  readonly options?: readonly string[];
}

/** Gives a command a flag for each setting that is no secret. */
export function offer(command: Command, offers: readonly Offer[]): Command {
  for (const { section, options } of offers) {
    for (const [name, { kind, default: value, meaning, secret }] of settingsOf(section)) {
      if (secret || options?.includes(name) === false) continue;
      const shown = value === undefined || value === '' || (Array.isArray(value) && value.length === 0) ? '' : ` (default: ${value})`;
      const argument = kind.placeholder === undefined ? '[true|false]' : `<${kind.placeholder}>`;
      command.addOption(new Option(`--${flagName(section, name)} ${argument}`, `${meaning}${shown}`));
    }
  }
  return command;
}

/**
 * Everything that was given: flags of `command` and of the program, environment and file. Sets up the log of this
 * process, and takes secrets out of its environment, where functions would find them.
 */
export function settingsOfCommand(command: Command, offers: readonly Offer[]): Configuration {
  const given = command.optsWithGlobals<Flags & { config?: string }>();
  const flags: Record<string, Record<string, string | boolean | undefined>> = {};
  for (const { section, options } of [...offers, { section: CLUSTER }, { section: SHARED }]) {
    const names = settingsOf(section).map(([name]) => name);
    const offered = names.filter((name) => options?.includes(name) !== false);
    flags[section.name] = Object.fromEntries(offered.map((name) => [name, given[attributeOf(flagName(section, name))]]));
  }
  const { config = process.env[CONFIG_VARIABLE] } = given;
  const configuration = readConfiguration(SECTIONS, { file: config, env: process.env, flags });
  for (const section of SECTIONS) {
    for (const [name, { secret }] of settingsOf(section)) if (secret) delete process.env[variable(section, name)];
  }
  const { logLevel, logFile } = configuration.of(SHARED);
  configureLog({ level: logLevel, file: logFile });
  return configuration;
}

/** What commander calls the value of a flag. */
function attributeOf(flag: string): string {
  return new Option(`--${flag}`).attributeName();
}

/** The secret and the certificates that the settings name, read. Throws a {@link ConfigError}. */
export function securityOf(cluster: ClusterSettings): Security | undefined {
  const { tlsCert, tlsKey, tlsCa, tlsServerName } = cluster;
  const secret = secretOf('secret', cluster.secret, cluster.secretFile);
  const paths = [tlsCert, tlsKey, tlsCa];
  if (paths.every((path) => path === undefined)) return secret === undefined ? undefined : { secret };
  const [cert, key, ca] = ['tls-cert', 'tls-key', 'tls-ca'].map((name, index) => {
    const path = paths[index];
    if (path === undefined) throw new ConfigError(`${name}: expected one, as tls-cert, tls-key and tls-ca go together`);
    return readText(path, `the file of ${name}`);
  }) as [string, string, string];
  return { secret, tls: { cert, key, ca, serverName: tlsServerName } };
}

/** A secret from where secrets may come from: the environment, or a file. */
export function secretOf(name: string, value: string | undefined, file: string | undefined): string | undefined {
  if (value !== undefined || file === undefined) return value;
  const text = readText(file, `a file with the ${name}`).trim();
  if (text === '') throw new ConfigError(`${file}: expected a ${name}, got an empty file`);
  return text;
}
