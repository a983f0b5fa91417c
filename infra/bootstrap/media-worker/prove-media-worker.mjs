// node prove-media-worker.mjs <binary>, under the project's Node. Sends a packet through the worker
// and back over the loopback: ICE, DTLS and SRTP in both directions. Starting it proves too little:
// a worker linked against an unlucky OpenSSL starts well and dies at its first handshake, and SRTP
// goes through a header of ours. Says what failed and exits with 1, else with 0.
import { createRequire } from 'node:module';

const TIMEOUT_MS = 15_000;
const REPEAT_MS = 20;

// Each package from the workspace that depends on it, wherever npm has put it.
const fromMediaNode = createRequire(new URL('../../../sfu/package.json', import.meta.url));
const fromAgent = createRequire(new URL('../../../agent-bridge/package.json', import.meta.url));

/** @type {typeof import('mediasoup')} */
const mediasoup = fromMediaNode('mediasoup');
/** @type {typeof import('mediasoup-client')} */
const mediasoupClient = fromAgent('mediasoup-client');
/** @type {typeof import('werift')} */
const { MediaStreamTrack, RtpHeader, RtpPacket, useOPUS } = fromAgent('werift');
/** @type {typeof import('werift/polyfill')} */
const { installPolyfill } = fromAgent('werift/polyfill');

/** @param {string} workerBin */
async function prove(workerBin) {
  const worker = await mediasoup.createWorker({ workerBin, logLevel: 'error' });
  const died = new Promise((_, reject) => {
    worker.on('died', ({ message }) => reject(new Error(`the worker died ${message}`)));
  });
  try {
    await Promise.race([carryOnePacket(worker), died, timeout()]);
  } finally {
    worker.close();
  }
}

/**
 * Audio, because it needs no key frame to be forwarded.
 * @param {import('mediasoup').types.Worker} worker
 */
async function carryOnePacket(worker) {
  const router = await worker.createRouter({
    mediaCodecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 }],
  });
  installPolyfill({ mediaRegister: [], peerConnectionConfig: { codecs: { audio: [useOPUS()] } } });
  const device = new mediasoupClient.Device({ handlerName: 'Chrome111' });
  await device.load({ routerRtpCapabilities: foreign(router.rtpCapabilities) });

  const upServer = await createTransport(router);
  const upClient = device.createSendTransport(descriptionOf(upServer));
  connectWhenAsked(upClient, upServer);
  upClient.on('produce', ({ kind, rtpParameters }, done, fail) => {
    upServer.produce({ kind, rtpParameters: foreign(rtpParameters) }).then(done, fail);
  });
  const track = new MediaStreamTrack({ kind: 'audio' });
  const producer = await upClient.produce({ track: foreign(track) });

  const downServer = await createTransport(router);
  const downClient = device.createRecvTransport(descriptionOf(downServer));
  connectWhenAsked(downClient, downServer);
  const { id, kind, rtpParameters } = await downServer.consume({
    producerId: producer.id,
    rtpCapabilities: foreign(device.recvRtpCapabilities),
  });
  const consumer = await downClient.consume({
    id,
    producerId: producer.id,
    kind,
    rtpParameters: foreign(rtpParameters),
  });
  /** @type {import('werift').MediaStreamTrack} */
  const arriving = foreign(consumer.track);

  const payloadType = producer.rtpParameters.codecs[0]?.payloadType ?? 0;
  let sequenceNumber = 0;
  const sending = setInterval(() => {
    sequenceNumber += 1;
    const timestamp = sequenceNumber * 960;
    const header = new RtpHeader({ payloadType, sequenceNumber, timestamp });
    track.writeRtp(new RtpPacket(header, Buffer.from('proof')));
  }, REPEAT_MS);
  try {
    const packet = await new Promise((resolve) => arriving.onReceiveRtp.once(resolve));
    if (packet.payload.toString() !== 'proof') throw new Error('a packet arrived damaged');
  } finally {
    clearInterval(sending);
  }
}

/** @param {import('mediasoup').types.Router} router */
function createTransport(router) {
  return router.createWebRtcTransport({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }] });
}

/** @param {import('mediasoup').types.WebRtcTransport} transport */
function descriptionOf({ id, iceParameters, iceCandidates, dtlsParameters }) {
  return { id, iceParameters, iceCandidates, dtlsParameters };
}

/**
 * @param {import('mediasoup-client').types.Transport} client
 * @param {import('mediasoup').types.WebRtcTransport} server
 */
function connectWhenAsked(client, server) {
  client.on('connect', ({ dtlsParameters }, done, fail) => {
    server.connect({ dtlsParameters }).then(done, fail);
  });
}

/**
 * Three packages describe the same WebRTC objects with types of their own.
 * @param {unknown} value
 */
function foreign(value) {
  return /** @type {never} */ (value);
}

async function timeout() {
  await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS).unref());
  throw new Error(`no packet came back within ${TIMEOUT_MS / 1000} s`);
}

try {
  await prove(process.argv[2] ?? '');
  process.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
