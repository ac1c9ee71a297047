import test from 'ava';
import { type PlatformEntry, platformStyles } from './palette.ts';

const platform = (name: string, platformClass: PlatformEntry['class']): PlatformEntry => ({
  name,
  title: name.toUpperCase(),
  class: platformClass,
  version: '1',
  delivery: 'at-most-once',
  durability: 'none',
  isolation: 'none',
});

test('every class but the real one is named beside the platform and has a dash of its own', (t) => {
  const styles = platformStyles((['real', 'replica', 'emulation', 'calibration'] as const).map((each) => platform(each, each)));
  t.deepEqual(
    styles.map(({ label }) => label),
    ['REAL', 'REPLICA (replica)', 'EMULATION (emulation)', 'CALIBRATION (calibration)'],
  );
  t.is(new Set(styles.map(({ dash }) => dash.join())).size, 4);
});

test('thirty platforms are told apart by colour and marker', (t) => {
  const styles = platformStyles(Array.from({ length: 30 }, (_, index) => platform(`p${index}`, 'real')));
  t.is(new Set(styles.map(({ colour, shape }) => `${colour} ${shape}`)).size, 30);
});
