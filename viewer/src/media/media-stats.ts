// WebRTC statistics of the shown monitor -> the few numbers a technician can use. Pure: two
// readings in, rates out (W3C webrtc-stats; counters are cumulative).

export type StatsReading = {
  readonly atMs: number;
  readonly framesDecoded: number;
  readonly framesDropped: number;
  readonly bytesReceived: number;
  readonly totalDecodeTimeS: number;
  readonly jitterBufferDelayS: number;
  readonly jitterBufferEmitted: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly freezes: number;
  readonly rttMs: number | undefined;
  readonly width: number;
  readonly height: number;
  readonly codec: string | undefined;
  /** Which way the packets take: "direct UDP", "direct TCP", "relayed UDP", … */
  readonly path: string | undefined;
};

export type MediaStats = {
  readonly fps: number;
  readonly kbps: number;
  readonly decodeMs: number | undefined;
  readonly jitterBufferMs: number | undefined;
  readonly rttMs: number | undefined;
  /** Percent of the packets of this interval. */
  readonly lossPercent: number;
  readonly framesDropped: number;
  readonly freezes: number;
  readonly width: number;
  readonly height: number;
  readonly codec: string | undefined;
  readonly path: string | undefined;
};

type Stat = Record<string, unknown> & { readonly type: string };

const number = (stat: Stat | undefined, name: string): number => {
  const value = stat?.[name];
  return typeof value === 'number' ? value : 0;
};
const text = (stat: Stat | undefined, name: string): string | undefined => {
  const value = stat?.[name];
  return typeof value === 'string' ? value : undefined;
};

/** @param report as iterated from RTCRtpReceiver.getStats(), by id. */
export function readStats(
  report: ReadonlyMap<string, unknown>,
  atMs: number,
): StatsReading | undefined {
  const stats = [...report.values()] as Stat[];
  const byId = (id: string | undefined): Stat | undefined =>
    id === undefined ? undefined : (report.get(id) as Stat | undefined);
  const inbound = stats.find((s) => s.type === 'inbound-rtp' && s['kind'] === 'video');
  if (!inbound) return undefined;
  const transport = stats.find((s) => s.type === 'transport');
  const pair = byId(text(transport, 'selectedCandidatePairId'));
  const rttS = pair?.['currentRoundTripTime'];
  const codec = byId(text(inbound, 'codecId'));
  return {
    atMs,
    framesDecoded: number(inbound, 'framesDecoded'),
    framesDropped: number(inbound, 'framesDropped'),
    bytesReceived: number(inbound, 'bytesReceived'),
    totalDecodeTimeS: number(inbound, 'totalDecodeTime'),
    jitterBufferDelayS: number(inbound, 'jitterBufferDelay'),
    jitterBufferEmitted: number(inbound, 'jitterBufferEmittedCount'),
    packetsReceived: number(inbound, 'packetsReceived'),
    packetsLost: number(inbound, 'packetsLost'),
    freezes: number(inbound, 'freezeCount'),
    rttMs: typeof rttS === 'number' ? rttS * 1000 : undefined,
    width: number(inbound, 'frameWidth'),
    height: number(inbound, 'frameHeight'),
    codec: codecName(codec),
    path: pathName(byId(text(pair, 'localCandidateId'))),
  };
}

/** Rates over the time between two readings of the same stream. */
export function compareStats(before: StatsReading, after: StatsReading): MediaStats {
  const seconds = Math.max(0.001, (after.atMs - before.atMs) / 1000);
  const change = (
    name: keyof StatsReading &
      (
        | 'framesDecoded'
        | 'bytesReceived'
        | 'totalDecodeTimeS'
        | 'jitterBufferDelayS'
        | 'jitterBufferEmitted'
        | 'packetsReceived'
        | 'packetsLost'
      ),
  ): number => Math.max(0, after[name] - before[name]);
  const decoded = change('framesDecoded');
  const emitted = change('jitterBufferEmitted');
  const lost = change('packetsLost');
  const packets = lost + change('packetsReceived');
  return {
    fps: decoded / seconds,
    kbps: (change('bytesReceived') * 8) / 1000 / seconds,
    decodeMs: decoded > 0 ? (change('totalDecodeTimeS') * 1000) / decoded : undefined,
    jitterBufferMs: emitted > 0 ? (change('jitterBufferDelayS') * 1000) / emitted : undefined,
    rttMs: after.rttMs,
    lossPercent: packets > 0 ? (lost * 100) / packets : 0,
    framesDropped: after.framesDropped,
    freezes: after.freezes,
    width: after.width,
    height: after.height,
    codec: after.codec,
    path: after.path,
  };
}

function codecName(codec: Stat | undefined): string | undefined {
  const mimeType = text(codec, 'mimeType');
  if (!mimeType) return undefined;
  const name = mimeType.replace(/^video\//, '');
  const profile = /profile-level-id=([0-9a-f]{6})/i.exec(text(codec, 'sdpFmtpLine') ?? '')?.[1];
  if (!profile) return name;
  // H.264 profile_idc (ITU-T H.264, A.2): 244 is High 4:4:4 Predictive, full colour resolution.
  return parseInt(profile.slice(0, 2), 16) === 244 ? `${name} 4:4:4` : `${name} 4:2:0`;
}

function pathName(local: Stat | undefined): string | undefined {
  const type = text(local, 'candidateType');
  if (!type) return undefined;
  const relayed = type === 'relay';
  const protocol = (relayed ? text(local, 'relayProtocol') : undefined) ?? text(local, 'protocol');
  return `${relayed ? 'relayed' : 'direct'} ${(protocol ?? '').toUpperCase()}`.trim();
}
