import { TerminalError } from '@restatedev/restate-sdk';
import test from 'ava';
import { DriverError, type DriverErrorCode } from '../../workloads/api/driver.ts';
import { fromStatus, toTerminal } from './errors.ts';

test('What went wrong with a function arrives with its code and message, and is not tried again', (t) => {
  const codes: readonly DriverErrorCode[] = ['FUNCTION_FAILED', 'FUNCTION_TIMED_OUT', 'PAYLOAD_TOO_LARGE', 'CANCELLED'];
  for (const code of codes) {
    const terminal = toTerminal(new DriverError(code, 'why'));
    t.true(terminal instanceof TerminalError);
    const { code: status, message } = terminal as TerminalError;
    t.like(fromStatus(status, message), { code, message: 'why' });
  }
});

test('Faults of the platform stay what they are, so that Restate tries again', (t) => {
  for (const fault of [new Error('lost'), new DriverError('PLATFORM_FAILED', 'lost')]) t.is(toTerminal(fault), fault);
  t.is(fromStatus(500, 'lost').code, 'PLATFORM_FAILED');
});
