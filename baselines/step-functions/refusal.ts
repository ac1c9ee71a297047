/** How a workflow is refused. */
import { placeOf } from '../../workloads/api/complaint.ts';
import { DriverError } from '../../workloads/api/driver.ts';
import type { Dependency, Workflow } from '../../workloads/api/workflow.ts';

/** The service takes requests of up to 1 MB, and with them definitions. */
export const DEFINITION_LIMIT_BYTES = 1_048_576;

export function refusal(workflow: Workflow, d: Dependency, expected: string, came: string): DriverError {
  return new DriverError('UNSUPPORTED_PATTERN', `workflow "${workflow.name}": ${placeOf(workflow, d)}: expected ${expected}, got ${came}`);
}

export function tooLarge({ name }: Workflow, came: string): DriverError {
  return new DriverError(
    'UNSUPPORTED_PATTERN',
    `workflow "${name}": expected a definition of at most ${DEFINITION_LIMIT_BYTES} bytes, got ${came}`,
  );
}
