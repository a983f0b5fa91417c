// WebRTC in this process: werift under the browser names that mediasoup-client expects. The names are
// global, so they are installed once for the whole process, with the codecs and header extensions
// that every session offers.
import 'werift/polyfill/dom';
import { installPolyfill, type RTCPeerConnectionConfig } from 'werift/polyfill';
import {
  RTCRtpCodecParameters,
  RTCRtpHeaderExtensionParameters,
  type RTCPeerConnection as PeerConnection,
} from 'werift';
import { HEADER_EXTENSION_URIS } from './rtp-header.ts';

const CLOCK_RATE_HZ = 90_000;

/**
 * What the encoders make (media/encoder.h264.ts): Constrained Baseline for 4:2:0, High 4:4:4
 * Predictive for 4:4:4.
 * The media node picks by profile, and lets levels differ (RFC 6184, level-asymmetry-allowed).
 */
export const PROFILE_LEVEL_IDS = { '420': '42e032', '444': 'f40032' } as const;

const h264 = (profileLevelId: string): RTCRtpCodecParameters =>
  new RTCRtpCodecParameters({
    mimeType: 'video/H264',
    clockRate: CLOCK_RATE_HZ,
    parameters: `packetization-mode=1;profile-level-id=${profileLevelId};level-asymmetry-allowed=1`,
    rtcpFeedback: [
      { type: 'nack' },
      { type: 'nack', parameter: 'pli' },
      { type: 'ccm', parameter: 'fir' },
      { type: 'transport-cc' },
    ],
  });

/** Repairs travel as their own stream (RFC 4588); it belongs to the codec before it. */
const rtx = (): RTCRtpCodecParameters =>
  new RTCRtpCodecParameters({ mimeType: 'video/rtx', clockRate: CLOCK_RATE_HZ });

/** Never sent: mediasoup-client's handler asks for an audio section when it reads the abilities. */
const opus = (): RTCRtpCodecParameters =>
  new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48_000, channels: 2 });

let installed: Promise<void> | undefined;

/**
 * Call it when the agent starts: loading and compiling takes a second on a cold machine, which no
 * session should wait for. Idempotent.
 */
export function installWebRtc(): Promise<void> {
  installed ??= install();
  return installed;
}

async function install(): Promise<void> {
  const hadWindow = 'window' in globalThis;
  installPolyfill({
    mediaRegister: [],
    peerConnectionConfig: {
      codecs: {
        audio: [opus()],
        video: Object.values(PROFILE_LEVEL_IDS).flatMap((id) => [h264(id), rtx()]),
      },
      headerExtensions: {
        video: Object.values(HEADER_EXTENSION_URIS).map(
          (uri) => new RTCRtpHeaderExtensionParameters({ uri }),
        ),
      },
      iceServers: [],
    },
  });
  // The polyfill also makes us look like a browser to libraries that ask for a window: we are none.
  if (!hadWindow) Reflect.deleteProperty(globalThis, 'window');
  globalThis.RTCPeerConnection = mended(globalThis.RTCPeerConnection);
  // One certificate for all transports of this process; making it takes 50 ms.
  await globalThis.RTCDtlsTransport.SetupCertificate();
}

/** werift's connection with two things mended; everything else is as it was. */
function mended(Base: typeof RTCPeerConnection): typeof RTCPeerConnection {
  return class extends Base {
    constructor(config?: RTCPeerConnectionConfig) {
      super(config);
      this.signalingStateChange.subscribe(() => this.#startRestartedIce());
      this.iceGatheringStateChange.subscribe(() => this.#startRestartedIce());
    }

    override async createOffer(...options: Parameters<PeerConnection['createOffer']>) {
      const offer = await super.createOffer(...options);
      this.#forgetForeignStun();
      return offer;
    }

    override async createAnswer() {
      const answer = await super.createAnswer();
      this.#forgetForeignStun();
      return answer;
    }

    /**
     * Without a STUN server of ours werift asks Google's, and gathering (which begins with the local
     * description, after this) waits for the answer. We need none: the media node has a public
     * address and learns ours from the connectivity checks.
     */
    #forgetForeignStun(): void {
      for (const { connection } of this.iceTransports) connection.stunServer = undefined;
    }

    /**
     * After an ICE restart werift waits for the other end to check connectivity, as it takes DTLS
     * being connected for ICE being connected. A media node is ICE-lite: it never checks, we have to.
     */
    #startRestartedIce(): void {
      if (this.signalingState !== 'stable') return;
      for (const { state, iceTransport } of this.dtlsTransports) {
        const gathered = iceTransport.gatheringState === 'complete';
        const idle = iceTransport.state === 'new' || iceTransport.state === 'completed';
        if (state !== 'connected' || !gathered || !idle) continue;
        // Its failure becomes the state `failed` of the connection, where it is heard.
        iceTransport.start().catch(() => undefined);
      }
    }
  };
}
