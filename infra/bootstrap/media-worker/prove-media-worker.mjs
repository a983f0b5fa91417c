// node prove-media-worker.mjs <binary>, under the project's Node. Starts the worker and completes
// ICE, DTLS and SCTP with it over the loopback, because starting proves too little: a worker linked
// against an unlucky OpenSSL starts well and dies at its first handshake. Says what failed and
// exits with 1, else with 0.
import { createRequire } from 'node:module';

const HANDSHAKE_TIMEOUT_MS = 15_000;

// Each package from the workspace that depends on it, wherever npm has put it.
const fromMediaNode = createRequire(new URL('../../../sfu/package.json', import.meta.url));
const fromAgent = createRequire(new URL('../../../agent-bridge/package.json', import.meta.url));

/** @type {typeof import('mediasoup')} */
const mediasoup = fromMediaNode('mediasoup');
/** @type {typeof import('mediasoup-client')} */
const mediasoupClient = fromAgent('mediasoup-client');
/** @type {typeof import('werift/polyfill')} */
const { installPolyfill } = fromAgent('werift/polyfill');

/** @param {string} workerBin */
async function prove(workerBin) {
  const worker = await mediasoup.createWorker({ workerBin, logLevel: 'error' });
  const died = new Promise((_, reject) => {
    worker.on('died', ({ message }) => reject(new Error(`the worker died ${message}`)));
  });
  try {
    await Promise.race([connect(worker), died, timeout()]);
  } finally {
    worker.close();
  }
}

/** @param {import('mediasoup').types.Worker} worker */
async function connect(worker) {
  const router = await worker.createRouter();
  const transport = await router.createWebRtcTransport({
    listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
    enableSctp: true,
  });
  installPolyfill({ mediaRegister: [] });
  const device = new mediasoupClient.Device({ handlerName: 'Chrome111' });
  // As it would travel: the two packages describe the same JSON with types of their own.
  const routerRtpCapabilities = JSON.parse(JSON.stringify(router.rtpCapabilities));
  await device.load({ routerRtpCapabilities });
  const sending = device.createSendTransport({
    id: transport.id,
    iceParameters: transport.iceParameters,
    iceCandidates: transport.iceCandidates,
    dtlsParameters: transport.dtlsParameters,
    sctpParameters: transport.sctpParameters,
  });
  sending.on('connect', ({ dtlsParameters }, done, fail) => {
    transport.connect({ dtlsParameters }).then(done, fail);
  });
  sending.on('producedata', ({ sctpStreamParameters: { streamId = 0, ...stream } }, done, fail) => {
    transport.produceData({ sctpStreamParameters: { streamId, ...stream } }).then(done, fail);
  });
  const channel = await sending.produceData();
  if (channel.readyState === 'open') return;
  await new Promise((resolve) => channel.once('open', () => resolve(undefined)));
}

async function timeout() {
  await new Promise((resolve) => setTimeout(resolve, HANDSHAKE_TIMEOUT_MS).unref());
  throw new Error(`no connection within ${HANDSHAKE_TIMEOUT_MS / 1000} s`);
}

try {
  await prove(process.argv[2] ?? '');
  process.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
