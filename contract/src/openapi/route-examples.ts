// What a reader of the description needs beside the types: one example of each route, and notes
// where a type cannot say it. One story runs through them: helpdesk.example helps the machine
// "laptop-042". A test parses every example by the schemas.
import { FEATURES } from '../http/v1/capabilities.ts';
import { SCOPE_NAMES } from '../http/v1/integrator-keys.ts';
import type { RouteName } from '../http/v1/routes.ts';

export type RouteExample = {
  readonly note?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly response: unknown;
};

const SESSION_ID = 'ses_01m8rf12e0h7jabye05xx38nan';
const VIEWER_ID = 'vwr_01m8rf12e057vjzrmszca93vkm';
const MACHINE_ID = 'mch_01m8rf12e0mvkztn7bktqcdnnn';
const KEY_ID = 'mky_01m8rf12e0dz983nccfhnetces';
const DEVICE_ID = 'laptop-042';
const CREATED_AT = '2026-12-01T09:30:00.000Z';
const VIEWER_URL = `https://gc.example/viewer/${SESSION_ID}`;
const EMBED_ORIGIN = 'https://helpdesk.example';

const technician = { id: 'tech-7', name: 'Ada Chen', organization: 'Helpdesk' };

const topology = {
  topology_epoch: 1,
  monitors: [
    { monitor_id: 1, name: 'DISPLAY1', x: 0, y: 0, width: 2560, height: 1440, scale: 1.25 },
    { monitor_id: 2, name: 'DISPLAY2', x: 2560, y: 0, width: 1920, height: 1080, scale: 1 },
  ].map((monitor) => ({ ...monitor, primary: monitor.monitor_id === 1 })),
};

const waiting = {
  id: SESSION_ID,
  state: 'waiting_agent',
  device_id: DEVICE_ID,
  mode: 'attended',
  technician,
  reason: 'Printer does not print',
  grants: ['control', 'view'],
  embed_origins: [EMBED_ORIGIN],
  consent: { state: 'pending', timeout_s: 30 },
  agent_online: true,
  topology: { topology_epoch: 0, monitors: [] },
  viewers: [],
  client_ref: 'ticket-1187',
  metadata: { queue: 'second-level' },
  epoch: 1,
  last_seq: 2,
  created_at: CREATED_AT,
};

const live = {
  ...waiting,
  state: 'live',
  consent: { state: 'granted', timeout_s: 30 },
  topology,
  viewers: [
    {
      id: VIEWER_ID,
      technician,
      grants: ['control', 'view'],
      joined_at: '2026-12-01T09:30:02.250Z',
    },
  ],
  last_seq: 8,
  live_at: '2026-12-01T09:30:06.120Z',
};

const ended = {
  ...live,
  state: 'ended',
  viewers: [],
  last_seq: 10,
  ended_at: '2026-12-01T09:42:11.500Z',
  end_reason: 'integrator_ended',
};

const machine = {
  id: MACHINE_ID,
  device_id: DEVICE_ID,
  online: true,
  quarantined: false,
  platform: 'windows',
  os_version: '10.0.26100',
  agent_version: '0.1.0',
  topology,
  last_seen_at: '2026-12-01T09:29:58.000Z',
  enrolled_at: '2026-11-03T14:05:00.000Z',
};

const machineKey = {
  id: KEY_ID,
  machine_id: MACHINE_ID,
  device_id: DEVICE_ID,
  thumbprint: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  state: 'active',
  created_at: '2026-11-03T14:05:00.000Z',
  last_used_at: '2026-12-01T09:29:58.000Z',
};

const release = {
  version: '0.1.0',
  platform: 'windows-x64',
  size_bytes: 98_566_144,
  checksum_sha256: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
  published_at: '2026-11-30T12:00:00.000Z',
  download_url: 'https://gc.example/api/integration/v1/agent/releases/windows-x64/0.1.0/download',
};

const WEBHOOK_ID = 'whk_01m8rf12e0q3h5v7x9z1b2d4f6';
const webhook = {
  id: WEBHOOK_ID,
  url: 'https://helpdesk.example/hooks/guruconnect',
  events: ['session.live', 'session.ended'],
  description: 'Ticket timeline',
  state: 'active',
  public_key: 'whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  created_at: CREATED_AT,
};
const delivery = {
  id: 'dlv_01m8rf12e0k2m4p6r8t0v1w3y5',
  webhook_id: WEBHOOK_ID,
  type: 'session.live',
  session_id: SESSION_ID,
  seq: 8,
  state: 'delivered',
  attempts: 1,
  last_attempt_at: '2026-12-01T09:30:06.160Z',
  last_status: 204,
  created_at: '2026-12-01T09:30:06.120Z',
};

const INTEGRATOR_KEY_ID = 'gik_01m8rf12e0a1c3e5g7j9m0n2q4';
const integratorKey = {
  id: INTEGRATOR_KEY_ID,
  name: 'Ticket system',
  scopes: ['sessions:read', 'sessions:write'],
  source: 'api',
  created_at: CREATED_AT,
  expires_at: '2027-12-01T09:30:00.000Z',
};

const UNSUPPORTED = new Set(['clipboard', 'audio', 'agent_releases', 'turn_relay']);
UNSUPPORTED.add('file_transfer').add('session_recording');

const auditEntry = {
  chain: 'server',
  seq: 42,
  at: CREATED_AT,
  actor: { kind: 'integrator', id: INTEGRATOR_KEY_ID },
  act: 'webhook.removed',
  subject: { kind: 'webhook', id: WEBHOOK_ID },
  details: {},
  prev_hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  hash: '24b6c2dac3b52bf6ef2e7ffd5518ad826d52ac02becd8d7e0f4a8b7bf9dbffdb',
};

export const ROUTE_EXAMPLES: Readonly<Record<RouteName, RouteExample>> = {
  'capabilities.read': {
    note: 'The same document is at `/api/integration/capabilities`, for those who do not know a version yet. Without a key it says what this server can; with one (`Vary: Authorization`) what that key can, and a key that is not valid is refused.',
    response: {
      contract_version: '1.0.0',
      supported_versions: ['1'],
      product: 'guruconnect',
      build: '0.1.0',
      features: Object.fromEntries(
        Object.keys(FEATURES).map((feature) => [feature, !UNSUPPORTED.has(feature)]),
      ),
      feature_details: Object.fromEntries(
        Object.entries(FEATURES).map(([feature, since]) => [
          feature,
          UNSUPPORTED.has(feature)
            ? { since, state: 'unsupported', reason_if_off: 'this build does not have it' }
            : { since, state: 'on' },
        ]),
      ),
      limits: {
        requests_per_minute: 6000,
        body_bytes: 65_536,
        open_sessions: 10_000,
        open_sessions_per_device: 8,
        viewers_per_session: 16,
        event_waits: 1000,
        viewer_code_s: 60,
        viewer_token_s: 300,
        consent_timeout_max_s: 300,
        wait_for_agent_max_s: 86_400,
        session_duration_max_s: 86_400,
        ended_session_kept_s: 7_776_000,
      },
      deprecations: [],
    },
  },
  'sessions.create': {
    note: 'The device need not be online. Repeat the same request with the same Idempotency-Key until it is answered: one session is created. The code in the answer works once and for a minute: open the viewer at once, or mint a code later with `viewer_codes.create`.',
    body: {
      device_id: DEVICE_ID,
      mode: 'attended',
      technician,
      grants: ['view', 'control'],
      embed_origins: [EMBED_ORIGIN],
      reason: 'Printer does not print',
      client_ref: 'ticket-1187',
      metadata: { queue: 'second-level' },
    },
    response: {
      ...waiting,
      viewer: {
        url: VIEWER_URL,
        code: 'T3uX9mJ0cVb4qk2W7yRz5nAe',
        code_expires_at: '2026-12-01T09:31:00.000Z',
      },
    },
  },
  'sessions.list': {
    query: { device_id: DEVICE_ID, limit: 20 },
    response: { sessions: [live], next_cursor: '01m8rf12e0h7jabye05xx38nan' },
  },
  'sessions.read': { params: { session_id: SESSION_ID }, response: live },
  'sessions.end': {
    params: { session_id: SESSION_ID },
    body: { reason: 'Ticket solved' },
    response: ended,
  },
  'sessions.events': {
    note: 'Keep the seq of the last event you have handled and ask for what came `after` it. An event is told only after the state it describes can be read. With `wait_s` the answer waits for the next event; with `Accept: text/event-stream` it is a stream of them.',
    params: { session_id: SESSION_ID },
    query: { after: 6 },
    response: {
      events: [
        {
          seq: 7,
          session_id: SESSION_ID,
          type: 'consent.granted',
          at: '2026-12-01T09:30:05.400Z',
          data: {},
        },
        {
          seq: 8,
          session_id: SESSION_ID,
          type: 'session.live',
          at: '2026-12-01T09:30:06.120Z',
          data: {},
        },
      ],
      last_seq: 8,
    },
  },
  'sessions.quality': {
    note: 'For support desks that are told "it is slow" and have to say where. Figures are of the last seconds; one that is not known yet is absent. Read at most once a second.',
    params: { session_id: SESSION_ID },
    response: {
      session_id: SESSION_ID,
      at: '2026-12-01T09:31:00.000Z',
      node_id: 'node-1',
      epoch: 1,
      agent: {
        connected: true,
        round_trip_ms: 18.5,
        loss_ratio: 0,
        bitrate_bps: 1_840_000,
        available_bps: 12_000_000,
      },
      viewers: [
        {
          viewer_id: VIEWER_ID,
          connected: true,
          round_trip_ms: 9.2,
          loss_ratio: 0.004,
          bitrate_bps: 1_838_000,
          available_bps: 9_500_000,
        },
      ],
    },
  },
  'viewers.list': {
    params: { session_id: SESSION_ID },
    response: { viewers: live.viewers },
  },
  'viewers.remove': {
    note: 'The answer lists the viewers that are left. The removed one reads of it as `viewer.left` with `reason` `removed`; its token is worthless from then on (`credential_revoked`).',
    params: { session_id: SESSION_ID, viewer_id: VIEWER_ID },
    response: { viewers: [] },
  },
  'viewers.set_grants': {
    note: 'What is taken away ends within a second, whatever the browser does. Everybody reads of it as `viewer.grants_changed`.',
    params: { session_id: SESSION_ID, viewer_id: VIEWER_ID },
    body: { grants: ['view'] },
    response: { viewers: live.viewers.map((viewer) => ({ ...viewer, grants: ['view'] })) },
  },
  'viewer_codes.create': {
    params: { session_id: SESSION_ID },
    body: { technician: { id: 'tech-9', name: 'Sam Ito' }, grants: ['view'] },
    response: {
      url: VIEWER_URL,
      code: 'p8Qh2sLw0Zt6dFx4vKm1bGy3',
      code_expires_at: '2026-12-01T09:36:00.000Z',
    },
  },
  'machines.list': { query: { online: 'true' }, response: { machines: [machine] } },
  'machines.read': { params: { device_id: DEVICE_ID }, response: machine },
  'machine_keys.list': { params: { device_id: DEVICE_ID }, response: { keys: [machineKey] } },
  'machine_keys.revoke': {
    params: { device_id: DEVICE_ID, key_id: KEY_ID },
    response: { ...machineKey, state: 'revoked', revoked_at: '2026-12-01T09:45:00.000Z' },
  },
  'enrolment_tokens.create': {
    note: 'Hand the token to the agent on the device and forget it: it works once, for this device only.',
    body: { device_id: DEVICE_ID, expires_in_s: 3600 },
    response: {
      id: 'enr_01m8rf12e0aawd60brnbvcv8dm',
      device_id: DEVICE_ID,
      token: 'example-enrolment-token',
      expires_at: '2026-12-01T10:30:00.000Z',
    },
  },
  'releases.list': { query: { platform: 'windows-x64' }, response: { releases: [release] } },
  'releases.latest': { params: { platform: 'windows-x64' }, response: release },
  'releases.download': {
    note: 'Needs no key, so an endpoint can fetch it. Verify `checksum_sha256` before launching the file.',
    params: { platform: 'windows-x64', version: '0.1.0' },
    response: undefined,
  },
  'webhooks.create': {
    note: 'Keep `secret` (verifies `v1` signatures) or `public_key` (verifies `v1a`). Without `events` it hears every event, those of later versions included.',
    body: {
      url: webhook.url,
      events: webhook.events,
      description: webhook.description,
    },
    response: { ...webhook, secret: 'whsec_ZXhhbXBsZS1zZWNyZXQtb2YtMzItYnl0ZXMtZm9yLXlvdQ==' },
  },
  'webhooks.list': { response: { webhooks: [webhook] } },
  'webhooks.read': {
    params: { webhook_id: WEBHOOK_ID },
    response: { ...webhook, state: 'disabled', disabled_reason: 'gone' },
  },
  'webhooks.remove': { params: { webhook_id: WEBHOOK_ID }, response: webhook },
  'webhooks.enable': {
    note: 'What happened while it was disabled was not kept for it: read it from `sessions.events`. What failed before can be sent again with `deliveries.replay`.',
    params: { webhook_id: WEBHOOK_ID },
    response: webhook,
  },
  'webhooks.disable': {
    params: { webhook_id: WEBHOOK_ID },
    response: { ...webhook, state: 'disabled', disabled_reason: 'by_integrator' },
  },
  'webhooks.rotate_secret': {
    params: { webhook_id: WEBHOOK_ID },
    body: { overlap_s: 3600 },
    response: {
      ...webhook,
      public_key: 'whpk_PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=',
      secret: 'whsec_YW5vdGhlci1leGFtcGxlLXNlY3JldC1mb3ItYWZ0ZXJ3YXJkcw==',
    },
  },
  'webhooks.test': {
    note: 'Works for a disabled webhook, too, and changes neither its state nor its order.',
    params: { webhook_id: WEBHOOK_ID },
    response: {
      id: 'dlv_01m8rf12e0b2d4f6h8k0n1q3s5',
      webhook_id: WEBHOOK_ID,
      type: 'webhook.test',
      state: 'failed',
      attempts: 1,
      last_attempt_at: '2026-12-01T09:31:00.000Z',
      last_status: 502,
      last_error: 'status',
      created_at: '2026-12-01T09:31:00.000Z',
    },
  },
  'deliveries.list': {
    params: { webhook_id: WEBHOOK_ID },
    query: { state: 'delivered', limit: 20 },
    response: { deliveries: [delivery] },
  },
  'deliveries.replay': {
    note: 'Each is sent with the `webhook-id` it had: a receiver that remembers those takes nothing twice.',
    params: { webhook_id: WEBHOOK_ID },
    body: { since: '2026-12-01T09:00:00.000Z' },
    response: { replayed: 12 },
  },
  'integrator_keys.create': {
    note: 'A key can only give scopes that it has itself.',
    body: {
      name: integratorKey.name,
      scopes: integratorKey.scopes,
      expires_in_s: 31_536_000,
    },
    response: { ...integratorKey, key: 'gci_example' },
  },
  'integrator_keys.list': {
    response: {
      keys: [
        {
          id: 'gik_01m8rf12e0c3e5g7j9m1p2r4t6',
          name: 'environment',
          scopes: SCOPE_NAMES,
          source: 'environment',
          last_used_at: '2026-12-01T09:29:00.000Z',
        },
        integratorKey,
      ],
    },
  },
  'integrator_keys.revoke': {
    note: 'Refused from the next request on. Keys of the environment are taken out there.',
    params: { key_id: INTEGRATOR_KEY_ID },
    response: { ...integratorKey, revoked_at: '2026-12-01T09:45:00.000Z' },
  },
  'audit.list': {
    note: 'What to check and how is in CONTRACT.md, "Audit".',
    query: { after: 41 },
    response: { entries: [auditEntry], last_seq: 42 },
  },
  'audit.checkpoints': {
    note: 'A checkpoint is made when a session ends, after a thousand entries, and every ten minutes while there is anything new.',
    query: { after: 0 },
    response: {
      checkpoints: [
        {
          kind: 'guruconnect-audit-checkpoint',
          seq: 42,
          head: auditEntry.hash,
          at: '2026-12-01T09:31:00.000Z',
          key_id: 'fe812c12f3ab4ce6',
          signature:
            'XXQzrvHWRXVl_KSFAvhBlV0KiBRdqzsm_f0GOEnAzG242bsbQgaGaOWBGrz9yKuelrP0vJ0PW-8xqDgaOxaWAw',
        },
      ],
      keys: [
        {
          key_id: 'fe812c12f3ab4ce6',
          public_key: '6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw',
          created_at: CREATED_AT,
        },
      ],
    },
  },
  'agent.enrol': {
    note: "Spoken by GuruConnect's own agent; an integrator never calls it.",
    body: {
      token: 'example-enrolment-token',
      device_id: DEVICE_ID,
      public_key: {
        kty: 'OKP',
        crv: 'Ed25519',
        x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
      },
    },
    response: { machine_id: MACHINE_ID, device_id: DEVICE_ID, key_id: KEY_ID },
  },
  'viewer.exchange': {
    note: "Spoken by GuruConnect's own viewer; an integrator never calls it.",
    body: {
      session_id: SESSION_ID,
      code: 'T3uX9mJ0cVb4qk2W7yRz5nAe',
      public_key: {
        kty: 'EC',
        crv: 'P-256',
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      },
    },
    response: {
      token: 'example-viewer-token',
      expires_at: '2026-12-01T09:35:00.000Z',
      viewer_id: VIEWER_ID,
      session_id: SESSION_ID,
      grants: ['control', 'view'],
      embed_origins: [EMBED_ORIGIN],
    },
  },
};
