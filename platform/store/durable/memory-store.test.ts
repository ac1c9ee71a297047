import { openMemoryStore } from './memory-store.ts';
import { testDurableStore } from './testing/conformance.ts';

testDurableStore('memory', async (t) => {
  const store = openMemoryStore();
  t.teardown(() => store.close());
  return store;
});
