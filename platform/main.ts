/** Entry of the command `pheromone`. Never imported. */
import { runCommandLine } from './cli/program.ts';

// Whoever reads the output has read enough of it.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit());
process.exit(await runCommandLine(process.argv.slice(2)));
