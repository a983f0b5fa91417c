// The conversations of agent, viewer and media node: every message of each, out of its own schema and
// spoiled, on real sockets. What is refused carries a code, and never "internal".
import type { Socket } from 'socket.io-client';
import type { Conversation } from '@guruconnect/contract/base/conversation';
import { WireError } from '@guruconnect/contract/errors';
import { newId } from '@guruconnect/contract/ids';
import { SIGNALING_TO_NODE } from '@guruconnect/contract/media-node/node-messages';
import { AGENT_TO_SIGNALING } from '@guruconnect/contract/signal/agent-messages';
import { VIEWER_TO_SIGNALING } from '@guruconnect/contract/signal/viewer-messages';
import { ASession } from '../../../sfu/test/a-session.ts';
import { ControlClient } from '../../../sfu/test/control-client.ts';
import { FakeAgent } from '../../../signaling/test/fake-agent.ts';
import { FakeViewer } from '../../../signaling/test/fake-viewer.ts';
import { until } from '../../stack/until.ts';
import { signed } from '../../trust/forgeries.ts';
import type { World } from '../../trust/world.ts';
import type { Boundary } from '../boundary.ts';
import type { Random } from '../random.ts';
import { spoilText, spoilValue } from '../spoil.ts';
import { WellFormed, type Known } from '../well-formed.ts';

const ANSWER_MS = 10_000;
/** Just below what one socket may say at once (signaling/src/limits.ts: messageBurst). */
const MESSAGES_PER_SOCKET = 190;
/** On one session of the media node, before a fresh one. */
const MESSAGES_PER_SESSION = 400;

type Says = { readonly name: string; readonly args: readonly unknown[] };

/** These end what the other messages are about: said, but seldom. */
const DEEDS = new Set(['session.end', 'session.close', 'media.lost', 'endpoint.close']);
const DEED_CHANCE = 0.03;

/** What may be said in a conversation, spoiled or whole. */
function speaker(conversation: Conversation): (random: Random, known: Known) => Says {
  const makers = Object.entries(conversation).map(
    ([name, { request }]) => [name, new WellFormed(request)] as const,
  );
  return (random, known) => {
    let [name, maker] = random.pick(makers);
    while (DEEDS.has(name) && !random.chance(DEED_CHANCE)) [name, maker] = random.pick(makers);
    const made = maker.make(random, known);
    const message = random.chance(0.65) ? spoilValue(made, random) : made;
    const args = random.chance(0.03)
      ? random.pick([[], [message, message], [random.bytes(20)], [[message]]])
      : [message];
    return { name: random.chance(0.02) ? spoilText(name, random) : name, args };
  };
}

/** @returns what is wrong about the acknowledgement. A socket that closes first is no finding. */
async function say(socket: Socket, { name, args }: Says): Promise<string | undefined> {
  let ack: unknown;
  try {
    ack = await Promise.race([
      socket.timeout(ANSWER_MS).emitWithAck(name, ...args),
      new Promise((resolve) => socket.once('disconnect', () => resolve({ ok: true }))),
    ]);
  } catch (error) {
    return socket.connected ? `${name} was not answered: ${String(error)}` : undefined;
  } finally {
    socket.removeAllListeners('disconnect');
  }
  const { ok, error } = ack as { ok?: unknown; error?: unknown };
  if (ok === true) return undefined;
  const told = WireError.safeParse(error);
  if (!told.success) return `${name} was refused without a code`;
  return told.data.code === 'internal' ? `${name} was answered with "internal"` : undefined;
}

const unattended = (device_id: string) => ({
  device_id,
  mode: 'unattended' as const,
  technician: { id: 'tech-1', name: 'Ada Example' },
  grants: ['view', 'control'] as ('view' | 'control')[],
});

/** An agent with a session that was placed; made anew for every so many messages. */
async function placedSession(world: World, device: string) {
  const identity = await world.identityOf(device);
  const agent = new FakeAgent({ url: world.stack.baseUrl, identity, publishes: false });
  await agent.connect();
  const created = await world.contract.sessions.create(unattended(device));
  const media = await until('the session to be placed', () => {
    const [told] = agent.told('media.open') as { epoch: number; session_id: string }[];
    return told;
  });
  return { agent, created, media };
}

export const AGENT_SOCKET: Boundary = {
  name: 'agent socket',
  perThousand: 50,
  atOnce: 1,
  open: (world) => {
    const speak = speaker(AGENT_TO_SIGNALING);
    let held: Awaited<ReturnType<typeof placedSession>> | undefined;
    let said = 0;
    const drop = async (): Promise<void> => {
      held?.agent.close();
      if (held)
        await world.contract.sessions
          .end({ session_id: held.created.id, reason: 'fuzzed' })
          .catch(() => undefined);
      held = undefined;
    };
    return {
      send: async (random) => {
        if (held && (said >= MESSAGES_PER_SOCKET || !held.agent.connected)) await drop();
        if (!held) {
          held = await placedSession(world, 'fuzz-agent');
          said = 0;
        }
        said += 1;
        const { agent, media } = held;
        const transports = Object.values(media)
          .map((value) => (value as { id?: unknown }).id)
          .filter((id) => id !== undefined);
        return say(
          agent.socket,
          speak(random, {
            session_id: [media.session_id],
            epoch: [media.epoch],
            transport_id: transports,
            monitor_id: [1, 2],
            boot_id: [agent.bootId],
            label: ['facts'],
          }),
        );
      },
      close: drop,
    };
  },
};

export const VIEWER_SOCKET: Boundary = {
  name: 'viewer socket',
  perThousand: 50,
  atOnce: 1,
  open: (world) => {
    const speak = speaker(VIEWER_TO_SIGNALING);
    type Held = Awaited<ReturnType<typeof placedSession>> & {
      viewer: FakeViewer;
      transports: unknown[];
      epoch: number;
    };
    let held: Held | undefined;
    let said = 0;
    const drop = async (): Promise<void> => {
      held?.viewer.close();
      held?.agent.close();
      if (held)
        await world.contract.sessions
          .end({ session_id: held.created.id, reason: 'fuzzed' })
          .catch(() => undefined);
      held = undefined;
    };
    const join = async (): Promise<Held> => {
      const placed = await placedSession(world, 'fuzz-viewer');
      const { id, viewer } = placed.created;
      const invitation = { session_id: id, code: viewer.code };
      const joined = await FakeViewer.join(world.stack.baseUrl, invitation);
      const media = await joined.ask('media.join', {});
      const transports = [media.send_transport.id, media.recv_transport.id];
      return { ...placed, viewer: joined, transports, epoch: media.epoch };
    };
    return {
      send: async (random) => {
        if (held && (said >= MESSAGES_PER_SOCKET || !held.viewer.connected)) await drop();
        if (!held) {
          held = await join();
          said = 0;
        }
        said += 1;
        const { viewer, transports, epoch } = held;
        const known = { epoch: [epoch], transport_id: transports, monitor_id: [1, 2] };
        return say(viewer.socket, speak(random, known));
      },
      close: drop,
    };
  },
};

/** Several commands at a time: the node serialises per session, the worker sees them in a row. */
const COMMANDS_AT_ONCE = 16;

export const CONTROL_SOCKET: Boundary = {
  name: 'control socket',
  perThousand: 130,
  atOnce: COMMANDS_AT_ONCE,
  open: async (world) => {
    const speak = speaker(SIGNALING_TO_NODE);
    const connect = () =>
      ControlClient.connect(world.stack.controlUrl, { token: signed(world.nodeToken()) });
    let control = await connect();
    let session: Promise<{ session: ASession; known: Known }> | undefined;
    let said = 0;
    const fresh = async (before: typeof session): Promise<{ session: ASession; known: Known }> => {
      // Its heartbeat is short: a machine that stood still has lost the link, as it should.
      if (!control.connected) control = await connect();
      const old = (await before)?.session;
      // It may be gone: closing it was one of the inputs.
      if (old?.control.connected)
        await old.ask('session.close', { reason: 'fuzzed' }).catch(() => undefined);
      const made = await new ASession(control).openWithAgent();
      const viewer = await made.openViewer();
      const producer = await made.publish(1);
      const { consumer_id } = await made.watch(viewer, 1);
      const facts = await made.openFacts();
      const { endpoints } = await made.describe();
      const known: Known = {
        session_id: [made.sessionId],
        epoch: [made.epoch],
        endpoint_id: ['agent', viewer, newId('vwr')],
        transport_id: endpoints.flatMap(({ transports }) =>
          transports.map(({ transport_id }) => transport_id),
        ),
        consumer_id: [consumer_id],
        producer_id: [producer],
        data_producer_id: [facts],
        monitor_id: [1, 2, 3],
        label: ['facts', 'input.actions', 'input.moves'],
      };
      return { session: made, known };
    };
    return {
      send: async (random) => {
        if (!session || said >= MESSAGES_PER_SESSION) {
          said = 0;
          session = fresh(session);
        }
        said += 1;
        const { known } = await session;
        const { name, args } = speak(random, known);
        const link = control;
        const ack = await link.askRaw(name, ...args).catch((error: unknown) => {
          if (link.connected) throw error;
          said = MESSAGES_PER_SESSION;
          return { ok: true };
        });
        return wrongAck(name, ack);
      },
      close: () => {
        control.close();
      },
    };
  },
};

function wrongAck(name: string, ack: unknown): string | undefined {
  const { ok, error } = (ack ?? {}) as { ok?: unknown; error?: unknown };
  if (ok === true) return undefined;
  const told = WireError.safeParse(error);
  if (!told.success) return `${name} was refused without a code`;
  return told.data.code === 'internal' ? `${name} was answered with "internal"` : undefined;
}
