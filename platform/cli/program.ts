/** The command line of `pheromone`. */
import { createRequire } from 'node:module';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CLUSTER, SHARED, STORE, UP, WORKER } from '../config/sections.ts';
import { settingsOf } from '../config/setting.ts';
import type { Role } from '../launch/start-role.ts';
import { TRACE_FORMATS } from '../trace/formats.ts';
import { bundleCommand } from './bundle-command.ts';
import { type CallFlags, callCommand } from './call-command.ts';
import { type Target, withClient } from './connect.ts';
import { readDefinition } from './definition-file.ts';
import { EXIT, EXIT_HELP, type ExitCode, exitCodeOf, lineOf } from './exit-codes.ts';
import { type LogsFlags, logsCommand } from './logs-command.ts';
import { ROLE_COMMANDS, runRole } from './role-command.ts';
import { type Offer, offer, settingsOfCommand } from './settings.ts';
import { statusCommand } from './status-command.ts';
import { note, print } from './terminal.ts';
import { upCommand } from './up-command.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };

/** Of all workers of a local cluster: what tells them apart is not for the user to say. */
const OF_EACH_WORKER: Offer = {
  section: WORKER,
  options: settingsOf(WORKER)
    .map(([name]) => name)
    .filter((name) => !['host', 'port', 'advertise', 'name', 'labels'].includes(name)),
};

/** Runs a command line. Resolves with the exit code; never rejects. */
export async function runCommandLine(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.fine;
  const program = buildProgram((exit) => {
    code = exit;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    const exit = exitCodeOf(error);
    if (exit !== EXIT.fine) note(lineOf(error));
    return exit;
  }
}

function buildProgram(exit: (code: ExitCode) => void): Command {
  const program = new Command('pheromone')
    .description('Runs functions where their data is: a cluster, one of its roles, or a call.')
    .version(version)
    .option('--config <path>', 'settings, as TOML, YAML or JSON (default: PHEROMONE_CONFIG)')
    .addHelpText(
      'after',
      `\nSettings: docs/configuration.md. What a flag leaves out comes from PHEROMONE_..., then from --config.\n\n${EXIT_HELP}`,
    )
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  offer(program, [{ section: CLUSTER }, { section: SHARED }]);
  addServers(program, exit);
  addClients(program, exit);
  program
    .command('logs')
    .description('what the processes of a local cluster have written')
    .option('-f, --follow', 'go on with what comes')
    .option('-n, --lines <number>', 'at most so many lines at first', wholeNumber, 200)
    .option('--role <role>', 'only manager, coordinator, worker or gateway')
    .option('--process <name>', 'only this process, such as worker-1')
    .option('--session <id>', 'only what concerns a session')
    .option('--json', 'as it was written')
    .action(async (flags: LogsFlags, command: Command) => logsCommand(targetOf(command), flags));
  return program;
}

/** Commands that stay in the foreground. */
function addServers(program: Command, exit: (code: ExitCode) => void): void {
  const offers: readonly Offer[] = [{ section: UP }, OF_EACH_WORKER, { section: STORE }];
  offer(program.command('up').description('runs a cluster on this machine'), offers).action(async (_: unknown, command: Command) =>
    exit(await upCommand(settingsOfCommand(command, offers))),
  );
  for (const [role, { description, sections }] of Object.entries(ROLE_COMMANDS)) {
    const own: readonly Offer[] = sections.map((section) => ({ section }));
    offer(program.command(role).description(description), own).action(async (_: unknown, command: Command) =>
      exit(await runRole(role as Role, settingsOfCommand(command, own))),
    );
  }
}

/** Commands that ask something of a cluster or a node. */
function addClients(program: Command, exit: (code: ExitCode) => void): void {
  program
    .command('status')
    .description('who belongs to the cluster, and what each member is doing')
    .option('--json', 'for machines')
    .action((flags: { json?: boolean }, command: Command) => statusCommand(targetOf(command), flags));
  program
    .command('apps')
    .description('names of the registered apps')
    .action((_: unknown, command: Command) =>
      withClient(targetOf(command), async (client) => {
        for (const app of (await client.status()).apps) print(app);
      }),
    );
  program
    .command('bundle')
    .description('stores a folder of code in the durable store, and prints its id: modules are then bundle:ID/path/in/folder.js')
    .argument('<folder>', 'the code, with the packages that it needs in node_modules')
    .action((folder: string, _: unknown, command: Command) => bundleCommand(targetOf(command), folder));
  program
    .command('register')
    .description('makes an app callable, or replaces the one of its name')
    .argument('<file>', 'its definition: TOML, YAML, JSON, or a module that exports "app"')
    .action(async (file: string, _: unknown, command: Command) => {
      const target = targetOf(command);
      const app = await readDefinition(file);
      await withClient(target, (client) => client.register(app));
      note(`pheromone: registered ${app.name}`);
    });
  program
    .command('unregister')
    .description('takes an app back; its sessions fail')
    .argument('<app>')
    .action((app: string, _: unknown, command: Command) => withClient(targetOf(command), (client) => client.unregister(app)));
  program
    .command('call')
    .description('calls a function; its output goes to stdout')
    .argument('<app>')
    .argument('<function>')
    .option('--input <text>', 'the input (default: what comes over stdin, nothing from a terminal)')
    .option('--file <path>', 'a file that holds the input; -: stdin')
    .option('--all', 'wait until nothing of the call runs any more, and print each output as a line of JSON')
    .option('--json', 'print the output as a line of JSON')
    .option('--trace [file]', 'write to a file when and where each invocation ran; without one, print it to stderr')
    .addOption(new Option('--trace-format <format>', 'of that file').choices(TRACE_FORMATS).default('chrome'))
    .option('--deadline <ms>', 'give the call up after so many milliseconds', wholeNumber)
    .action(async (app: string, fn: string, flags: CallFlags, command: Command) =>
      exit(await callCommand(targetOf(command), app, fn, flags)),
    );
}

function targetOf(command: Command): Target {
  const configuration = settingsOfCommand(command, []);
  return { ...configuration.of(CLUSTER), ...configuration.of(SHARED) };
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`expected a whole number, got "${text}"`);
  return Number(text);
}
