// Does anybody listen on a port of this machine?
import { once } from 'node:events';
import { connect } from 'node:net';

/** @throws Error while nobody does. */
export async function acceptsConnections(port: number): Promise<true> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
