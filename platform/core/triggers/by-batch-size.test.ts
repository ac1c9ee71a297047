import test from 'ava';
import fc from 'fast-check';
import { outcomeOf } from '../testing/models.ts';
import { object } from '../testing/objects.ts';
import { ByBatchSize } from './by-batch-size.ts';

test('ByBatchSize (table 1: batch) fires with every size objects, in order of arrival, and keeps the rest', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(40), (size, count) => {
      const trigger = new ByBatchSize(size);
      const sent = Array.from({ length: count }, () => object());
      const told = sent.map((each) => ({ atMs: 0, object: each }));
      t.deepEqual(
        sent.flatMap((each) => trigger.onObject(each)).map(({ objects }) => objects),
        outcomeOf({ primitive: 'by-batch-size', size }, told, 0).firings,
      );
    }),
  );
});
