import test from 'ava';
import { calibrationNull } from '../../baselines/calibration/driver.ts';
import { column, type Proof } from './prove.ts';
import { markdown, page } from './render.ts';

const declared = column(calibrationNull, (_, { kind }): Proof => ({ kind: kind === 'unsupported' ? 'refused' : 'ran' }));
const broken = column(calibrationNull, ({ pattern }): Proof => (pattern === 'map' ? { kind: 'fault', why: 'a|b <i>' } : { kind: 'ran' }));

test('The Markdown has a row for each pattern and scope, and says that all cells held', (t) => {
  const text = markdown([declared], 'the command');
  t.regex(text, /^\| window, app \| unsupported \|$/m);
  t.regex(text, /All cells held\. Made by `the command`/);
  t.regex(text, /^\| batch, app \| unsupported \| nothing is kept from one run to the next \| {2}\| refused, as declared \|$/m);
});

test('A fault is marked in the table and told in full, and breaks neither the Markdown nor the HTML', (t) => {
  const text = markdown([declared, broken], 'c');
  t.regex(text, /^\| map \| native \| native \(FAULT\) \|$/m);
  t.regex(text, /FAULT: a\\\|b <i>/);
  t.notRegex(text, /All cells held/);
  t.regex(page([broken], 'c'), /FAULT: a\|b &lt;i&gt;/);
});

test('The page asks for nothing from elsewhere', (t) => {
  const text = page([declared], 'c');
  t.notRegex(text, /(?:src|href)=|@import|url\(/);
  t.regex(text, /default-src 'none'/);
});
