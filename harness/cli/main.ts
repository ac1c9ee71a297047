import { runCommandLine } from './program.ts';

// The launcher was killed: nobody could stop this process from where it was started.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.exit(await runCommandLine(process.argv.slice(2)));
