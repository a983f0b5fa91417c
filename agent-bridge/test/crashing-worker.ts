// A monitor thread that starts well and dies of a bug a moment later.
import { parentPort } from 'node:worker_threads';

parentPort?.postMessage({ type: 'ready' });
parentPort?.on('message', () => {
  throw new Error('a bug');
});
