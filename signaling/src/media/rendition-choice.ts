// Which renditions of a monitor one viewer is offered. Pure: what its browser decodes, what it asked
// for, and what the agent publishes go in. Nobody else's abilities do: a viewer that cannot decode
// 4:4:4 takes it from nobody.
import {
  FULL_RENDITIONS,
  isFull,
  renditionTraits,
  type Rendition,
  type VideoRef,
} from '@guruconnect/contract/rendition';
import type { RtpCapabilities } from '@guruconnect/contract/signal/rtc-parameters';

/** What a viewer said when it asked for pictures. */
export type Consuming = {
  readonly rtp_capabilities: RtpCapabilities;
  /** Renditions it can show beside the one to work with. */
  readonly renditions: readonly Rendition[];
};

/**
 * By profile, as mediasoup matches H.264; levels may differ (RFC 6184, level-asymmetry-allowed).
 * The media node checks again, all of the codec's parameters.
 */
export function canDecode({ codecs }: RtpCapabilities, rendition: Rendition): boolean {
  const { h264Profile } = renditionTraits(rendition);
  return (codecs ?? []).some(
    ({ mimeType, parameters }) =>
      mimeType.toLowerCase() === 'video/h264' &&
      parameters?.['packetization-mode'] === 1 &&
      isProfile(parameters['profile-level-id'], h264Profile),
  );
}

/** All that a viewer is offered of what is published, the one to work with first. */
export function offeredTo(viewer: Consuming, published: readonly VideoRef[]): VideoRef[] {
  const monitors = new Map<number, Set<Rendition>>();
  for (const { monitor_id, rendition } of published)
    monitors.set(monitor_id, (monitors.get(monitor_id) ?? new Set()).add(rendition));
  return [...monitors].flatMap(([monitor_id, there]) => {
    const full =
      FULL_RENDITIONS.find(
        (rendition) => there.has(rendition) && canDecode(viewer.rtp_capabilities, rendition),
      ) ??
      // Nothing it says it decodes: the media node then refuses it with the reason.
      FULL_RENDITIONS.findLast((rendition) => there.has(rendition));
    const beside = viewer.renditions.filter(
      (rendition) =>
        !isFull(rendition) && there.has(rendition) && canDecode(viewer.rtp_capabilities, rendition),
    );
    return [...(full ? [full] : []), ...beside].map((rendition) => ({ monitor_id, rendition }));
  });
}

/** Constrained Baseline is written as 42e0, or as 4240 by some: set 1 of the constraints decides. */
function isProfile(profileLevelId: unknown, wanted: string): boolean {
  const id = String(profileLevelId).toLowerCase();
  if (id.startsWith(wanted)) return true;
  const constrained = (Number.parseInt(id.slice(2, 4), 16) & 0x40) !== 0;
  return wanted === '42e0' && id.startsWith('42') && constrained;
}
