import { describe, expect, it } from 'vitest';
import { FrameTrace, percentile, type TraceContext, type TraceFact } from './frame-trace.ts';
import { compareStats, readStats } from './media-stats.ts';

const trace = (rtp_timestamp: number, more: Partial<TraceFact> = {}): TraceFact => ({
  kind: 'frame_trace',
  monitor_id: 1,
  rtp_timestamp,
  last_input_seq: 0,
  input_to_capture_us: 0,
  wait_us: 0,
  capture_us: 1_000,
  convert_us: 2_000,
  encode_us: 3_000,
  send_us: 500,
  bytes: 1_000,
  ...more,
});
const frame = (rtpTimestamp: number) => ({
  rtpTimestamp,
  receiveTime: 1_040,
  processingDuration: 0.003,
  presentationTime: 1_044,
  renderedTime: 1_050,
});

const traced = (more: Partial<TraceContext> = {}): FrameTrace =>
  new FrameTrace({
    input: () => undefined,
    capturedAtMs: () => undefined,
    propagationMs: () => undefined,
    ...more,
  });
const key7: Partial<TraceContext> = {
  input: (seq) => (seq === 7 ? { happenedAtMs: 1_000, sentAtMs: 1_001 } : undefined),
};
const shows7 = { last_input_seq: 7, input_to_capture_us: 8_000, wait_us: 1_500 };

describe('the way of a frame', () => {
  it('is joined by RTP timestamp, whichever half comes first', () => {
    const joined = traced();
    joined.onTrace(trace(1));
    joined.onFrame(frame(1));
    joined.onFrame(frame(2));
    joined.onTrace(trace(2));
    joined.onFrame(frame(3));
    expect(joined.statistics()).toMatchObject({
      capture: { p50Ms: 1, count: 2 },
      encode: { p50Ms: 3, count: 2 },
      receive: { p50Ms: 1, count: 2 },
      decode: { p50Ms: 3, count: 2 },
      paint: { p50Ms: 6, count: 2 },
    });
    expect(joined.statistics().total).toBeUndefined();
  });

  it('is known without a gap from the event to the picture when the clocks are', () => {
    const joined = traced({ ...key7, capturedAtMs: () => 1_020, propagationMs: () => 5 });
    joined.onTrace(trace(1, shows7));
    joined.onFrame(frame(1));
    const [answer] = joined.answered;
    // 1000 event, 1001 sent, 1012 injected, 1018.5 changed, 1020 captured, 1026.5 sent,
    // 1040 received, 1044 presented, 1050 rendered
    expect(answer).toEqual({
      seq: 7,
      happenedAtMs: 1_000,
      rtpTimestamp: 1,
      hops: {
        event: 1,
        input: 11,
        application: 6.5,
        wait: 1.5,
        capture: 1,
        convert: 2,
        encode: 3,
        send: 0.5,
        network: 5,
        node: 8.5,
        receive: 1,
        decode: 3,
        paint: 6,
        total: 50,
      },
    });
    const { total, ...hops } = answer?.hops ?? {};
    expect(Object.values(hops).reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(total ?? 0);
  });

  it('has both ways through the network in one when the clocks are not known', () => {
    const joined = traced(key7);
    joined.onTrace(trace(1, shows7));
    joined.onFrame(frame(1));
    // The next frame shows the same input still: it says nothing new about it.
    joined.onTrace(trace(2, shows7));
    joined.onFrame({ ...frame(2), renderedTime: 2_000 });
    const { total, ways, network } = joined.statistics();
    expect(total).toEqual({ p50Ms: 50, p95Ms: 50, count: 1 });
    // 50 - (1 + 6.5 + 1.5 + 1 + 2 + 3 + 0.5 + 1 + 3 + 6)
    expect(ways?.p50Ms).toBeCloseTo(24.5);
    expect(network).toBeUndefined();
  });

  it('forgets halves that never find each other', () => {
    const joined = traced();
    for (let i = 0; i < 1_000; i += 1) joined.onTrace(trace(i));
    joined.onFrame(frame(0));
    expect(joined.statistics()).toEqual({});
    joined.onFrame(frame(999));
    expect(joined.statistics().capture?.count).toBe(1);
  });

  it('has percentiles by nearest rank', () => {
    const samples = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(percentile(samples, 0.5)).toBe(50);
    expect(percentile(samples, 0.95)).toBe(95);
    expect(percentile([], 0.5)).toBe(0);
  });
});

describe('the statistics of a browser', () => {
  const report = (more: Record<string, unknown>): Map<string, unknown> =>
    new Map<string, unknown>([
      [
        'in',
        {
          type: 'inbound-rtp',
          kind: 'video',
          codecId: 'c',
          framesDecoded: 0,
          bytesReceived: 0,
          totalDecodeTime: 0,
          jitterBufferDelay: 0,
          jitterBufferEmittedCount: 0,
          packetsReceived: 0,
          packetsLost: 0,
          frameWidth: 1280,
          frameHeight: 720,
          ...more,
        },
      ],
      ['t', { type: 'transport', selectedCandidatePairId: 'p' }],
      ['p', { type: 'candidate-pair', currentRoundTripTime: 0.012, localCandidateId: 'l' }],
      ['l', { type: 'local-candidate', candidateType: 'host', protocol: 'udp' }],
      ['c', { type: 'codec', mimeType: 'video/H264', sdpFmtpLine: 'profile-level-id=f4001f' }],
    ]);

  it('become rates between two readings', () => {
    const before = readStats(report({}), 1_000);
    const after = readStats(
      report({
        framesDecoded: 60,
        bytesReceived: 250_000,
        totalDecodeTime: 0.12,
        jitterBufferDelay: 0.06,
        jitterBufferEmittedCount: 60,
        packetsReceived: 198,
        packetsLost: 2,
      }),
      3_000,
    );
    if (!before || !after) throw new Error('no reading');
    expect(compareStats(before, after)).toMatchObject({
      fps: 30,
      kbps: 1_000,
      decodeMs: 2,
      jitterBufferMs: 1,
      rttMs: 12,
      lossPercent: 1,
      codec: 'H264 4:4:4',
      path: 'direct UDP',
      width: 1280,
    });
  });

  it('say nothing of decoding when nothing was decoded', () => {
    const reading = readStats(report({}), 0);
    if (!reading) throw new Error('no reading');
    expect(compareStats(reading, { ...reading, atMs: 1_000 })).toMatchObject({
      fps: 0,
      decodeMs: undefined,
      jitterBufferMs: undefined,
      lossPercent: 0,
    });
  });

  it('are nothing before the first packet', () => {
    expect(readStats(new Map(), 0)).toBeUndefined();
  });
});
