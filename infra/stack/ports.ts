// Ports that are free now. A port can be taken between the look and the use; the process that then
// cannot listen says so and stops, which ends the start with a clear message.
import { createServer } from 'node:net';

/** `wanted` when it is free, else any free one. */
export async function freePort(wanted = 0): Promise<number> {
  const tryPort = (port: number): Promise<number> =>
    new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => {
          resolve(typeof address === 'object' && address ? address.port : port);
        });
      });
    });
  return wanted === 0 ? tryPort(0) : tryPort(wanted).catch(() => tryPort(0));
}
