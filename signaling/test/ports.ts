// Free ports within this package's range, so that test files running side by side do not meet. Below
// the system's own (ephemeral) ports: any outgoing connection may take one of those at any time.
import { createServer } from 'node:net';

const FIRST = 16_400;
const COUNT = 200;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });

export async function freePort(): Promise<number> {
  const start = Math.floor(Math.random() * COUNT);
  for (let i = 0; i < COUNT; i += 1) {
    const port = FIRST + ((start + i) % COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port in the range of this package');
}
