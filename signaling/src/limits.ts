// Every bound and every waiting time of this process in one place, each with its reason. Not
// settings: an operator has no better number. Tests pass shorter times.

export const LIMITS = {
  /** The largest request is a session with 32 metadata entries of 512 characters: about 20 KiB. */
  bodyBytes: 64 * 1024,
  /** A viewer's RTP capabilities are about 10 KiB, a topology of 16 monitors 4 KiB. */
  socketMessageBytes: 256 * 1024,
  /** Every further viewer costs the media node one more copy of each watched picture. */
  viewersPerSession: 16,
  /** Technicians on one machine at once, each with a session of their own. */
  openSessionsPerDevice: 8,
  /** What one process holds in memory; about 20 KiB each. */
  openSessions: 10_000,
  /** A joining viewer sends about 25 messages at once; a busy one a few a second. */
  messageBurst: 200,
  messagesPerSecond: 50,
  /** Refusals for their rate, at once and going on: this socket does not talk, it floods. */
  refusalBurst: 500,
  refusalsPerSecond: 10,
  /** Things told to one viewer that it has not acknowledged: more means its page hangs. */
  unansweredToViewer: 256,
  /** New sockets per address a minute: a site with some hundred agents behind one address restarts. */
  handshakesPerMinute: 600,
  /** Requests without an integrator key per address a minute. */
  publicPerMinute: 600,
  /** Failed credentials per address a minute: typing errors yes, guessing no. */
  failedCredentialsPerMinute: 30,
  /** Addresses and keys a rate limit remembers; those beyond share one bucket. */
  rateKeys: 20_000,
  /** Long polls and event streams of one integrator key at once: a socket and a few KiB each. */
  journalWatchesPerKey: 1_000,
  /** Each has up to 8 sockets open to a receiver that hangs. */
  webhooks: 16,
  /** Each holds a request open for as long as its receiver takes. */
  webhookTestsAtOnce: 8,
  /** Minted integrator keys that are valid: one for each product that integrates, and its successor. */
  integratorKeys: 64,
  /** Times one session may be placed within a minute before it is given up. */
  placementsPerMinute: 10,
} as const;

export type Timings = {
  /** A viewer code rides in a link that opens at once. */
  readonly viewerCodeMs: number;
  /**
   * Headers of a request, from the connection or from the request before on: a slow request is no
   * request (slowloris); one of the contract's is a packet or two.
   */
  readonly headersMs: number;
  /** A whole request, its body included. */
  readonly requestMs: number;
  /** A connection between two requests. */
  readonly idleMs: number;
  /** Between two looks for connections that are too slow (node:http). */
  readonly connectionsLookMs: number;
  /** First message of a fresh socket. */
  readonly helloMs: number;
  /** Answer of a socket whose machine key turns up a second time; no answer: it is gone. */
  readonly probeMs: number;
  /** Agent away without media: as long as a laptop takes to change networks. */
  readonly agentGraceMs: number;
  /** After a restart of this process: an agent not back by then is away (its back-off is 15 s). */
  readonly settleMs: number;
  /** Agent there, media gone or not yet there. */
  readonly mediaGraceMs: number;
  /** Viewer away: a reload of the page or a change of networks. */
  readonly viewerGraceMs: number;
  /** Beyond consent_timeout_s: the agent counts the prompt itself, its answer travels. */
  readonly consentSlackMs: number;
  /** One order to a media node. */
  readonly nodeAskMs: number;
  /** What a viewer may take to hear of the end before its socket is closed. */
  readonly lastWordMs: number;
  /** Between two sweeps of what has expired in the store. */
  readonly purgeMs: number;
  /** Between two looks at the folder of agent releases: one stat. */
  readonly releasesLookMs: number;
  /** Between two looks whether a checkpoint of the audit is due. */
  readonly auditLookMs: number;
  /** Refused credentials of this long are one entry of the audit. */
  readonly refusalsMs: number;
  /** One attempt to deliver to a webhook, the answer included (Standard Webhooks: 15 to 30 s). */
  readonly webhookMs: number;
  /** Socket heartbeat and how long its answer may take (engine.io). */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
};

export const TIMINGS: Timings = {
  viewerCodeMs: 60_000,
  headersMs: 10_000,
  requestMs: 20_000,
  idleMs: 5_000,
  connectionsLookMs: 1_000,
  helloMs: 10_000,
  probeMs: 1_500,
  agentGraceMs: 30_000,
  settleMs: 20_000,
  mediaGraceMs: 30_000,
  viewerGraceMs: 30_000,
  consentSlackMs: 5_000,
  nodeAskMs: 5_000,
  lastWordMs: 1_000,
  purgeMs: 60_000,
  auditLookMs: 5_000,
  refusalsMs: 60_000,
  releasesLookMs: 5_000,
  webhookMs: 15_000,
  pingIntervalMs: 10_000,
  pingTimeoutMs: 10_000,
};
