/** `npm run soak -- --rounds 200 --role worker --seed 1`: plays rounds and prints what they come to; exit code 1 if anything should not have been. */
import { parseArgs } from 'node:util';
import { FAULT_ROLES } from './faults.ts';
import { soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    role: { type: 'string', multiple: true, default: [...FAULT_ROLES] },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    logs: { type: 'string' },
  },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError(`--rounds: expected a whole number from 1 up, got ${values.rounds}`);
if (!Number.isInteger(seed)) throw new RangeError(`--seed: expected a whole number, got ${values.seed}`);

for (const name of values.role) {
  const role = FAULT_ROLES.find((known) => known === name);
  if (role === undefined) throw new RangeError(`--role: expected one of ${FAULT_ROLES.join(', ')}, got ${name}`);
  console.log(`${role}: ${rounds} rounds from seed ${seed}`);
  const { violations, ...total } = await soak({
    ...{ role, rounds, seed, logFolder: values.logs },
    onRound(roundSeed, { fault, calls, right, isVoid, violations: wrong }) {
      console.log(
        `  seed ${roundSeed}: ${fault}: ${right} of ${calls} calls right${isVoid ? ', void' : ''}${wrong.map((line) => `\n    ${line}`).join('')}`,
      );
    },
  });
  console.log(JSON.stringify(total));
  for (const violation of violations) console.log(`  ${violation}`);
  if (violations.length > 0) process.exitCode = 1;
}
