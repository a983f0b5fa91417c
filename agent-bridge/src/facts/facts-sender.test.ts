import { decodeFact } from '@guruconnect/contract/facts/fact-codec';
import type { Fact } from '@guruconnect/contract/facts/fact';
import { describe, expect, it } from 'vitest';
import type { CursorPosition, CursorShape } from '../cursor/cursor.ts';
import type { EncodedFrame } from '../media/frame.ts';
import { FactsSender, SAMPLE_INTERVAL_US, TRACED_AFTER_PROBE_US } from './facts-sender.ts';

const arrow: CursorShape = {
  serial: 1,
  width: 2,
  height: 1,
  hotspotX: 1,
  hotspotY: 0,
  rgba: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  visible: true,
};
const monitor = (monitor_id: number, x: number) => ({
  monitor_id,
  name: 'm',
  x,
  y: 0,
  width: 101,
  height: 101,
  scale: 1,
  primary: false,
});

const FRAME = {
  cause: 'change',
  data: new Uint8Array(500),
  timestamp90kHz: 90,
  captureTimeUs: 1000,
  captureUs: 10,
  convertUs: 20,
  encodeUs: 30,
  lastInputSeq: 5,
  inputToCaptureUs: 400,
  waitUs: 100,
} as EncodedFrame;

class Channel {
  readonly facts: Fact[] = [];
  full = false;

  send(bytes: Uint8Array): boolean {
    if (!this.full) this.facts.push(decodeFact(bytes));
    return !this.full;
  }
}

function facts() {
  const pointer = {
    shape: arrow as CursorShape | undefined,
    position: undefined as CursorPosition | undefined,
  };
  const sender = new FactsSender({
    shape: () => pointer.shape,
    position: () => pointer.position,
    topology: () => ({ topology_epoch: 1, monitors: [monitor(1, 0), monitor(2, 101)] }),
  });
  const channel = new Channel();
  return { pointer, sender, channel };
}

describe('facts', () => {
  it('tell a new channel the pointer as it is', () => {
    const { sender, channel, pointer } = facts();
    pointer.position = { xPx: 151, yPx: 100 };
    sender.attach(channel);
    expect(channel.facts).toEqual([
      { kind: 'cursor_shape', width: 2, height: 1, hotspot_x: 1, hotspot_y: 0, rgba: arrow.rgba },
      { kind: 'cursor_position', monitor_id: 2, position: { x: 32768, y: 65535 } },
    ]);
  });

  it('say that the pointer is hidden when an application hides it', () => {
    const { sender, channel, pointer } = facts();
    pointer.shape = { ...arrow, visible: false };
    sender.attach(channel);
    expect(channel.facts).toEqual([{ kind: 'cursor_hidden' }]);
  });

  it('bring along the shape that did not fit before', () => {
    const { sender, channel } = facts();
    channel.full = true;
    sender.attach(channel);
    channel.full = false;
    sender.inputRefused('vwr_01hzzzzzzzzzzzzzzzzzzzzzzz', 7, 'stale_topology');
    expect(channel.facts.map(({ kind }) => kind)).toEqual(['cursor_shape', 'input_refused']);
  });

  it('say nothing of places that no monitor shows, and nothing at all without a channel', () => {
    const { sender, channel } = facts();
    sender.positionChanged({ xPx: 5, yPx: 5 });
    sender.attach(channel);
    sender.positionChanged({ xPx: 5, yPx: 500 });
    sender.attach(undefined);
    sender.positionChanged({ xPx: 5, yPx: 5 });
    expect(channel.facts.map(({ kind }) => kind)).toEqual(['cursor_shape']);
  });

  it('account for the time of a frame from the input it answers to the socket', () => {
    const { sender, channel } = facts();
    sender.attach(channel);
    sender.frameSent(2, FRAME, 1100);
    expect(channel.facts.at(-1)).toEqual({
      kind: 'frame_trace',
      monitor_id: 2,
      rtp_timestamp: 90,
      last_input_seq: 5,
      input_to_capture_us: 400,
      wait_us: 100,
      capture_us: 10,
      convert_us: 20,
      encode_us: 30,
      send_us: 40,
      bytes: 500,
    });
  });

  it('trace every frame while somebody looks, else now and then a changed one', () => {
    const { sender, channel } = facts();
    sender.attach(channel);
    const traces = (): number => channel.facts.filter(({ kind }) => kind === 'frame_trace').length;
    const sent = (cause: EncodedFrame['cause'], atUs: number): number => {
      const before = traces();
      sender.frameSent(1, { ...FRAME, cause, captureTimeUs: atUs }, atUs);
      return traces() - before;
    };
    expect([sent('repeat', 0), sent('change', 1), sent('change', 2)]).toEqual([0, 1, 0]);
    expect(sent('change', 1 + SAMPLE_INTERVAL_US)).toBe(1);
    const askedAtUs = 10_000_000;
    sender.probed('vwr_01hzzzzzzzzzzzzzzzzzzzzzzz', 4, askedAtUs, 1.5);
    expect(channel.facts.at(-1)).toEqual({
      kind: 'clock',
      viewer_id: 'vwr_01hzzzzzzzzzzzzzzzzzzzzzzz',
      seq: 4,
      agent_time_us: askedAtUs,
      node_rtt_us: 1500,
    });
    expect([sent('repeat', askedAtUs + 1), sent('change', askedAtUs + 2)]).toEqual([1, 1]);
    expect(sent('repeat', askedAtUs + TRACED_AFTER_PROBE_US)).toBe(0);
  });
});
