import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Scratch } from './scratch.ts';

const root = mkdtempSync(join(tmpdir(), 'scratch-test-'));
test.after.always(() => rmSync(root, { recursive: true }));

/** A folder as a run leaves it that was killed, with what `change` makes of its owner. */
function abandoned(change: (owner: object) => object = (owner) => owner): string {
  const { dir } = new Scratch(root);
  const path = join(dir, 'owner.json');
  const { pid } = spawnSync(process.execPath, ['--version']);
  writeFileSync(path, JSON.stringify(change({ ...JSON.parse(readFileSync(path, 'utf8')), pid })));
  mkdirSync(join(dir, 'platform'));
  return dir;
}

test('a run has folders of its own, and none when it is over', (t) => {
  const scratch = new Scratch(root);
  t.not(scratch.folder('http'), scratch.folder('http'));
  t.is(readdirSync(scratch.dir).filter((name) => name.startsWith('http-')).length, 2);
  scratch.remove();
  t.false(existsSync(scratch.dir));
});

test('what a killed run has left is removed by the next one', (t) => {
  const dir = abandoned();
  new Scratch(root).remove();
  t.false(existsSync(dir));
});

test('the folder of a run that goes on stays, and so do those of which that cannot be known', (t) => {
  const kept = [
    new Scratch(root).dir,
    abandoned((owner) => ({ ...owner, where: 'elsewhere' })),
    abandoned(() => ({})),
    mkdtempSync(join(root, 'pherobench-')),
    mkdtempSync(join(root, 'other-')),
  ];
  new Scratch(root).remove();
  t.deepEqual(
    kept.filter((dir) => !existsSync(dir)),
    [],
  );
});

test('a later process with the id of the dead one does not keep its folder', (t) => {
  const dir = abandoned((owner) => ({ ...owner, pid: process.pid, startedAt: '1' }));
  new Scratch(root).remove();
  t.is(existsSync(dir), !existsSync('/proc/self/stat'));
});
