// The decoders that run where no socket is in front of them: input bytes in the agent's own pipeline,
// facts and postMessage in the viewer and the page that embeds it, tokens in signaling. Straight calls,
// so most inputs go here.
import { GcError } from '@guruconnect/contract/errors';
import { EmbedCommand, EmbedConnect, EmbedEvent } from '@guruconnect/contract/embed/embed-messages';
import { decodeFact, encodeFact } from '@guruconnect/contract/facts/fact-codec';
import type { Fact } from '@guruconnect/contract/facts/fact';
import { newId } from '@guruconnect/contract/ids';
import { readEvent, readReady } from '@guruconnect/contract/element/read-message';
import { decodeInput, encodeInput, MAX_INPUT_BYTES } from '@guruconnect/contract/input/input-codec';
import type { InputEvent } from '@guruconnect/contract/input/input-event';
import { openFloor } from '../../../agent-bridge/src/input/arbitration.ts';
import { RecordingInjector } from '../../../agent-bridge/src/input/injector.recording.ts';
import {
  InputPipeline,
  type InputListeners,
} from '../../../agent-bridge/src/input/input-pipeline.ts';
import type { Boundary } from '../boundary.ts';
import type { Random } from '../random.ts';
import { intruder, spoilBytes, spoilValue } from '../spoil.ts';
import { WellFormed } from '../well-formed.ts';

const TOPOLOGY_EPOCH = 3;
const VIEWER = 'vwr_fuzz';
const monitor = {
  monitor_id: 1,
  name: 'DUMMY1',
  x: 0,
  y: 0,
  width: 1280,
  height: 720,
  scale: 1,
  primary: true,
};

function someInput(random: Random): InputEvent {
  const head = {
    monitor_id: random.pick([1, 1, 1, 2]),
    topology_epoch: random.pick([TOPOLOGY_EPOCH, TOPOLOGY_EPOCH, 2]),
    seq: random.below(2 ** 32),
  };
  const position = { x: random.below(65_536), y: random.below(65_536) };
  const down = random.chance(0.5);
  switch (random.below(7)) {
    case 0:
      return { ...head, kind: 'move', position };
    case 1:
      return { ...head, kind: 'button', position, button: random.below(3), down };
    case 2:
      return { ...head, kind: 'wheel', position, dx: random.below(200), dy: -random.below(200) };
    case 3:
      return { ...head, kind: 'key', usage: 4 + random.below(100), down };
    case 4:
      return { ...head, kind: 'text', text: 'ä'.repeat(1 + random.below(200)) };
    case 5:
      return { ...head, kind: 'release_all' };
    default:
      return { ...head, kind: 'probe' };
  }
}

/** One input message as bytes: whole, spoiled, or noise. Also sent over the real channel. */
export function inputBytes(random: Random): Buffer {
  const bytes = Buffer.from(encodeInput(someInput(random)));
  return random.chance(0.3) ? bytes : spoilBytes(bytes, random, MAX_INPUT_BYTES + 64);
}

/** A refusal with a code is what has to come; anything else is a finding. */
function refusedOr(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch (error) {
    if (error instanceof GcError && error.code !== 'internal') return undefined;
    return `threw ${String(error)}`;
  }
}

export const INPUT_BYTES: Boundary = {
  name: 'input bytes',
  perThousand: 305,
  atOnce: 1,
  open: () => {
    const injector = new RecordingInjector();
    const input = new InputPipeline({
      injector,
      arbitration: openFloor,
      clock: {
        nowMs: () => performance.now(),
        unixMs: () => Date.now(),
        after: () => () => undefined,
      },
      topology: () => ({ topology_epoch: TOPOLOGY_EPOCH, monitors: [monitor] }),
      asking: () => false,
      consented: () => true,
      onInjecting: () => undefined,
      onRefused: () => undefined,
      onProbe: () => undefined,
    });
    let channel: InputListeners | undefined;
    const send = (random: Random): string | undefined => {
      if (!channel) {
        input.setViewer(VIEWER, ['view', 'control']);
        // Closed after so many malformed ones, as a data channel is: the next one takes over.
        channel = input.channel(VIEWER, () => (channel = undefined));
      }
      const bytes = inputBytes(random);
      channel.onBytes(bytes);
      const beyond = injector.recorded
        .splice(0)
        .some(
          (done) =>
            done.kind === 'move' &&
            (done.xPx < 0 ||
              done.yPx < 0 ||
              done.xPx >= monitor.width ||
              done.yPx >= monitor.height),
        );
      if (beyond) return 'a pointer outside of the monitor';
      return refusedOr(() => {
        // What is understood is said the same way again.
        const again = Buffer.from(encodeInput(decodeInput(bytes)));
        return again.equals(bytes) ? undefined : 'decoded to something else than was said';
      });
    };
    return {
      send,
      close: () => {
        input.removeViewer(VIEWER);
        if (injector.held.length > 0) throw new Error('keys stayed down');
      },
    };
  },
};

function someFact(random: Random): Fact {
  const viewer_id = newId('vwr', random.below(2 ** 40));
  const seq = random.below(2 ** 32);
  const side = 1 + random.below(5);
  return random.pick<Fact>([
    {
      kind: 'cursor_shape',
      width: side,
      height: side,
      hotspot_x: 0,
      hotspot_y: side,
      rgba: random.bytes(side * side * 4),
    },
    { kind: 'cursor_hidden' },
    { kind: 'cursor_position', monitor_id: 1, position: { x: seq & 0xffff, y: 7 } },
    { kind: 'input_refused', viewer_id, seq, code: 'stale_topology' },
    { kind: 'clock', viewer_id, seq, agent_time_us: seq, node_rtt_us: 1 },
  ]);
}

export const FACT_BYTES: Boundary = {
  name: 'fact bytes',
  perThousand: 170,
  atOnce: 1,
  open: () => ({
    send: (random) => {
      const bytes = spoilBytes(encodeFact(someFact(random)), random, 600);
      return refusedOr(() => {
        decodeFact(bytes);
        return undefined;
      });
    },
    close: () => undefined,
  }),
};

export const POST_MESSAGES: Boundary = {
  name: 'postMessage',
  perThousand: 150,
  atOnce: 1,
  open: () => {
    const schemas = [EmbedConnect, EmbedCommand, EmbedEvent];
    const makers = schemas.map((schema) => new WellFormed(schema));
    // What cannot be written as JSON can still be posted (structured clone).
    const strange = [new Map(), new Set([1]), new Date(NaN), 1n, /x/, new ArrayBuffer(8), NaN];
    return {
      send: (random) => {
        const made = random.pick(makers).make(random);
        const data = random.chance(0.05) ? random.pick(strange) : spoilValue(made, random);
        return refusedOr(() => {
          for (const schema of schemas) schema.safeParse(data);
          readReady(data);
          const event = readEvent(data);
          if (event && typeof event.gc !== 'string') return 'an event without a kind';
          readEvent(intruder(random));
          return undefined;
        });
      },
      close: () => undefined,
    };
  },
};
