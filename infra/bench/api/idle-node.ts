// A media node that takes every session at once and carries none, as a process of its own: what is
// measured is signaling, not how many routers this machine has room for. Run by broker.ts.
import { z } from 'zod';
import { FakeNode } from '../../../signaling/test/fake-node.ts';

const { GC_CONTROL_PORT, GC_CLUSTER_SECRET } = z
  .object({ GC_CONTROL_PORT: z.coerce.number(), GC_CLUSTER_SECRET: z.string() })
  .parse(process.env);

const node = await new FakeNode('node-1', GC_CONTROL_PORT, GC_CLUSTER_SECRET).start();
const stop = (): void => {
  void node.close().then(() => process.exit(0));
};
process.once('SIGTERM', stop);
process.once('disconnect', stop);
process.send?.({ ready: true });
