import test from 'ava';
import { WIRE_LIMITS } from './limits.ts';
import { WrongProofs } from './wrong-proofs.ts';

const { wrongProofs, wrongProofsMs, wrongProofAddresses } = WIRE_LIMITS;

test('an address may give so many wrong proofs and no more until its time is over', (t) => {
  const proofs = new WrongProofs();
  for (let i = 0; i < wrongProofs; i++) {
    t.false(proofs.isOver('a', i));
    proofs.add('a', i);
  }
  t.true(proofs.isOver('a', wrongProofs));
  t.false(proofs.isOver('b', wrongProofs));
  t.true(proofs.isOver('a', wrongProofsMs - 1));
  t.false(proofs.isOver('a', wrongProofsMs));
  proofs.add('a', wrongProofsMs);
  t.false(proofs.isOver('a', wrongProofsMs));
});

test('of too many addresses the oldest one is forgotten', (t) => {
  const proofs = new WrongProofs();
  for (let i = 0; i < wrongProofs; i++) proofs.add('first', 0);
  for (let address = 1; address < wrongProofAddresses; address++) proofs.add(`${address}`, 1);
  t.true(proofs.isOver('first', 2));
  proofs.add('one more', 2);
  t.false(proofs.isOver('first', 2));
});
