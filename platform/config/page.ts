/** docs/configuration.md, made from the table of settings. */
import { ADDRESS, filePath, flagName, type Section, type Setting, settingsOf, variable } from './setting.ts';

const INTRODUCTION = `# Configuration

Made from \`platform/config/sections.ts\` by \`npm run settings\`; a test compares.

What stands nearer counts: a flag, then the environment, then the file that \`--config\` or \`PHEROMONE_CONFIG\` names, then the default. Files are TOML, YAML or JSON and use the names of the flags, in a table for each section (\`--store-path\` is \`path\` in \`[store]\`):

\`\`\`toml
log-level = "warn"

[cluster]
manager = "10.0.0.1:7000"
secret-file = "/run/secrets/pheromone"

[worker]
host = "10.0.0.2"
executors = 8
\`\`\`

One file may serve all roles. An unknown name, a wrong type and a value out of range are refused with exit code 5 and one line: where, what was expected, what came. Secrets come from a file of their own or from the environment, never from a flag, which everyone on the machine could read. Units are the last word of a name; sizes are in bytes.
`;

/** The whole page. */
export function configurationPage(sections: readonly Section[]): string {
  return [INTRODUCTION, ...sections.map(sectionText)].join('\n');
}

function sectionText(section: Section): string {
  const place = section.name === '' ? 'At the top of the file.' : `Table \`[${section.name}]\`.`;
  const rows = settingsOf(section).map(([option, setting]) => row(section, option, setting));
  return [
    `## ${section.title}`,
    '',
    place,
    '',
    '| flag | environment | value | default | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function row(section: Section, option: string, setting: Setting<unknown>): string {
  const { kind, default: value, meaning, secret } = setting;
  const flag = secret ? `none, nor in \`${filePath(section, option)}\`` : `\`--${flagName(section, option)}\``;
  const cells = [flag, `\`${variable(section, option)}\``, kind === ADDRESS ? '`HOST:PORT`' : kind.expected, shown(value), meaning];
  return `| ${cells.join(' | ')} |`;
}

function shown(value: unknown): string {
  if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return '';
  return `\`${String(value)}\``;
}
