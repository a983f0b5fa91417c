// What anybody in reach of the media node can send: datagrams that look like STUN, DTLS, RTP or RTCP,
// to the worker's own port; and bytes of a viewer on a real data channel, through the real node.
import { createSocket } from 'node:dgram';
import { signed } from '../../trust/forgeries.ts';
import { ASession } from '../../../sfu/test/a-session.ts';
import { ControlClient } from '../../../sfu/test/control-client.ts';
import { RtcEndpoint } from '../../../sfu/test/rtc-endpoint.ts';
import { newId } from '@guruconnect/contract/ids';
import type { Boundary } from '../boundary.ts';
import type { Random } from '../random.ts';
import { spoilBytes } from '../spoil.ts';
import { inputBytes } from './in-process.ts';

const MAX_DATAGRAM_BYTES = 1400;

/** First bytes tell the protocols apart (RFC 7983). */
const STUN_BINDING = Buffer.from('000100002112a442000102030405060708090a0b', 'hex');
const DTLS_CLIENT_HELLO = Buffer.from(
  '16feff000000000000000000360100002a000000000000002afefd' +
    '00'.repeat(32) +
    '000000020035' +
    '0100',
  'hex',
);
const RTP = Buffer.from('906000010000000100002711bede000110aa0000', 'hex');
const RTCP_RECEIVER_REPORT = Buffer.from('81c90007' + '00002711'.repeat(7), 'hex');
const TEMPLATES = [STUN_BINDING, DTLS_CLIENT_HELLO, RTP, RTCP_RECEIVER_REPORT] as const;

function stunWithUsername(random: Random): Buffer {
  const name = Buffer.from('a'.repeat(random.below(40)));
  const attribute = Buffer.alloc(4 + name.length);
  attribute.writeUInt16BE(6, 0);
  attribute.writeUInt16BE(random.chance(0.5) ? name.length : random.below(65_536), 2);
  name.copy(attribute, 4);
  const head = Buffer.from(STUN_BINDING);
  head.writeUInt16BE(random.chance(0.5) ? attribute.length : random.below(65_536), 2);
  return Buffer.concat([head, attribute]);
}

export const DATAGRAMS: Boundary = {
  name: 'datagrams to the worker',
  perThousand: 40,
  atOnce: 1,
  open: (world) => {
    const socket = createSocket('udp4');
    return {
      send: (random) =>
        new Promise((resolve) => {
          const like = random.chance(0.3) ? stunWithUsername(random) : random.pick(TEMPLATES);
          const bytes = random.chance(0.1) ? like : spoilBytes(like, random, MAX_DATAGRAM_BYTES);
          socket.send(bytes, world.stack.rtcPort, '127.0.0.1', () => {
            resolve(undefined);
          });
        }),
      close: () => {
        socket.close();
      },
    };
  },
};

/** A channel is refilled when so much waits: SCTP must not become the bottleneck's memory. */
const MAX_BUFFERED_BYTES = 64 * 1024;
const DRAIN_MS = 5_000;

export const INPUT_CHANNEL: Boundary = {
  name: 'input channel',
  perThousand: 5,
  atOnce: 1,
  open: async (world) => {
    const control = await ControlClient.connect(world.stack.controlUrl, {
      token: signed(world.nodeToken()),
    });
    const session = new ASession(control);
    await session.ask('session.open', {});
    const agent = await RtcEndpoint.open(session, 'agent');
    await session.ask('session.gate', { open: true });
    const viewer = await RtcEndpoint.open(session, newId('vwr'), { maySendInput: true });
    const producer = await viewer.openChannel('input.actions');
    const channel = await agent.consumeChannel(producer.id);
    let sent = 0;
    return {
      send: async (random) => {
        const end = performance.now() + DRAIN_MS;
        while (producer.bufferedAmount > MAX_BUFFERED_BYTES) {
          if (performance.now() > end) return 'the channel does not drain';
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        producer.send(inputBytes(random));
        sent += 1;
        // What arrived is what the in-process boundary judges; here the way counts.
        channel.messages.length = 0;
        return channel.closed ? 'the channel closed' : undefined;
      },
      close: async () => {
        viewer.close();
        agent.close();
        if (control.connected) await session.ask('session.close', { reason: `fuzzed ${sent}` });
        control.close();
      },
    };
  },
};
