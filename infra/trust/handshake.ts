// One socket.io handshake, spoken by hand (engine.io 4, socket.io 5): knocks at a namespace with
// whatever it is given and tells what was answered.

const KNOCK_MS = 10_000;

export type Knock = {
  readonly baseUrl: string;
  /** '/' for the one without a name. */
  readonly namespace: string;
  readonly auth: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Leaves at once when let in. @returns 'accepted', or the code it was refused with. */
export function knock({ baseUrl, namespace, auth, headers = {} }: Knock): Promise<string> {
  const url = `${baseUrl.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
  // Node's WebSocket takes headers; the browser's type does not know that.
  const options = { headers } as unknown as string[];
  const socket = new WebSocket(url, options);
  const to = namespace === '/' ? '' : `${namespace},`;
  return new Promise((resolve) => {
    const done = (outcome: string): void => {
      clearTimeout(late);
      socket.close();
      resolve(outcome);
    };
    const late = setTimeout(() => {
      done('no answer');
    }, KNOCK_MS);
    socket.onerror = () => {
      done('connection failed');
    };
    socket.onclose = () => {
      done('closed without an answer');
    };
    socket.onmessage = ({ data }) => {
      const packet = String(data);
      // engine.io: 0 open, 2 ping, 4 message; socket.io inside of it: 0 connected, 4 refused
      if (packet.startsWith('0')) socket.send(`40${to}${JSON.stringify(auth ?? {})}`);
      else if (packet.startsWith('2')) socket.send('3');
      else if (packet.startsWith(`40${to}`)) done('accepted');
      else if (packet.startsWith(`44${to}`)) done(codeOf(packet.slice(2 + to.length)));
    };
  });
}

function codeOf(refusal: string): string {
  const { message, data } = JSON.parse(refusal) as { message: string; data?: { code?: string } };
  return data?.code ?? message;
}
