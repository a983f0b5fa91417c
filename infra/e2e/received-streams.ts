// What a page's browser really receives: its peer connections' own statistics, per video stream. For
// pages that were opened with `watchConnections` (before their own scripts).
import type { Page } from 'puppeteer-core';

export type ReceivedStream = {
  /** Of the monitor's picture as it is encoded. */
  readonly width: number;
  readonly height: number;
  readonly framesDecoded: number;
  readonly bytes: number;
  /** `profile-level-id` of H.264. */
  readonly profile: string;
};

type Watched = { gcConnections: RTCPeerConnection[] };

/** Keeps every peer connection that the page makes. */
export function watchConnections(): void {
  const connections: RTCPeerConnection[] = [];
  Object.defineProperty(window, 'gcConnections', { value: connections });
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      connections.push(this);
    }
  };
}

/** A browser that says it cannot decode High 4:4:4, as Firefox and Safari cannot. */
export function forgetFullChroma(): void {
  type Offer = (this: RTCPeerConnection) => Promise<RTCSessionDescriptionInit>;
  const original = RTCPeerConnection.prototype.createOffer as Offer;
  const createOffer: Offer = async function () {
    const { type, sdp = '' } = await original.call(this);
    return { type, sdp: sdp.replaceAll('profile-level-id=f4001f', 'profile-level-id=640c1f') };
  };
  Object.assign(RTCPeerConnection.prototype, { createOffer });
}

/** Streams of which a frame was decoded, the largest picture first. */
export async function receivedStreams(page: Page): Promise<ReceivedStream[]> {
  return await page.evaluate(async () => {
    const { gcConnections } = window as unknown as Watched;
    const streams: ReceivedStream[] = [];
    for (const connection of gcConnections) {
      if (connection.connectionState === 'closed') continue;
      const report = await connection.getStats();
      for (const stat of report.values() as Iterable<Record<string, unknown>>) {
        if (stat['type'] !== 'inbound-rtp' || !stat['framesDecoded']) continue;
        const codec = report.get(String(stat['codecId'])) as { sdpFmtpLine?: string } | undefined;
        streams.push({
          width: Number(stat['frameWidth']),
          height: Number(stat['frameHeight']),
          framesDecoded: Number(stat['framesDecoded']),
          bytes: Number(stat['bytesReceived']),
          profile: /profile-level-id=(\w+)/.exec(codec?.sdpFmtpLine ?? '')?.[1] ?? '',
        });
      }
    }
    return streams.sort((a, b) => b.width - a.width);
  });
}

/** Profile of the stream of this width that goes on now; undefined when none does. */
export async function profileShown(page: Page, width: number): Promise<string | undefined> {
  const before = await receivedStreams(page);
  // A still screen has a frame a second.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const after = await receivedStreams(page);
  return after.find(
    (stream) =>
      stream.width === width &&
      !before.some(
        ({ width: same, profile, framesDecoded }) =>
          same === width && profile === stream.profile && framesDecoded === stream.framesDecoded,
      ),
  )?.profile;
}

/** Frames decoded in `ms`, also in a page that is not in front (and paints nothing). */
export async function framesDecoded(page: Page, ms: number): Promise<number> {
  const sum = async (): Promise<number> =>
    (await receivedStreams(page)).reduce((frames, stream) => frames + stream.framesDecoded, 0);
  const before = await sum();
  await new Promise((resolve) => setTimeout(resolve, ms));
  return (await sum()) - before;
}
