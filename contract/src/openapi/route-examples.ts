// What a reader of the description needs beside the types: one example of each route, and notes
// where a type cannot say it. One story runs through them: helpdesk.example helps the machine
// "laptop-042". A test parses every example by the schemas.
import { FEATURES } from '../http/v1/capabilities.ts';
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

const UNSUPPORTED = new Set(['clipboard', 'audio', 'webhooks', 'agent_releases', 'turn_relay']);
UNSUPPORTED.add('file_transfer').add('session_recording');

export const ROUTE_EXAMPLES: Readonly<Record<RouteName, RouteExample>> = {
  'capabilities.read': {
    note: 'The same document is at `/api/integration/capabilities`, for those who do not know a version yet.',
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
        viewer_code_s: 60,
        viewer_token_s: 300,
        consent_timeout_max_s: 300,
        wait_for_agent_max_s: 86_400,
        session_duration_max_s: 86_400,
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
    note: 'Keep the seq of the last event you have handled and ask for what came `after` it. An event is told only after the state it describes can be read.',
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
