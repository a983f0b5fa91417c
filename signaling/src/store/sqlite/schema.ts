// The tables, as one step per released schema: never edit a step, add one. What is only read back
// whole is one JSON column; what is searched or compared is a column of its own.

export const MIGRATIONS = [
  `
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    rev INTEGER NOT NULL,
    device_id TEXT NOT NULL,
    state TEXT NOT NULL,
    client_ref TEXT,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_by_device ON sessions (device_id, id);
  CREATE INDEX sessions_by_state ON sessions (state, id);
  CREATE INDEX sessions_by_ref ON sessions (client_ref, id) WHERE client_ref IS NOT NULL;

  CREATE TABLE journal (
    session_id TEXT NOT NULL REFERENCES sessions (id),
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (session_id, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE placements (
    session_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    node_id TEXT NOT NULL,
    PRIMARY KEY (session_id, epoch)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX placements_by_node ON placements (node_id);
  -- Epochs ever given out: a removed placement's epoch must not come back.
  CREATE TABLE epochs (session_id TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE viewer_codes (
    hash TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    technician TEXT NOT NULL,
    grants TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX viewer_codes_by_expiry ON viewer_codes (expires_at_ms);

  CREATE TABLE machines (
    id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL UNIQUE,
    online INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE machine_keys (
    id TEXT PRIMARY KEY,
    machine_id TEXT NOT NULL REFERENCES machines (id),
    device_id TEXT NOT NULL,
    thumbprint TEXT NOT NULL UNIQUE,
    public_key TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    last_used_at_ms INTEGER,
    revoked_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX machine_keys_by_machine ON machine_keys (machine_id, id);

  CREATE TABLE enrolment_tokens (
    hash TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    used_by TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX enrolment_tokens_by_expiry ON enrolment_tokens (expires_at_ms);

  CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    private_jwk TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE once (name TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX once_by_expiry ON once (until_ms);

  CREATE TABLE answers (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    answer TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX answers_by_expiry ON answers (expires_at_ms);
  `,
  `
  CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    events TEXT,
    description TEXT,
    disabled_reason TEXT,
    public_key TEXT NOT NULL,
    keys TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    last_success_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id),
    type TEXT NOT NULL,
    session_id TEXT,
    seq INTEGER,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- Of the head of a lane only: what waits for it has none.
    next_attempt_at_ms INTEGER,
    last_attempt_at_ms INTEGER,
    last_status INTEGER,
    last_error TEXT,
    -- Since it was created or replayed last.
    retries INTEGER NOT NULL DEFAULT 0,
    round_started_at_ms INTEGER,
    created_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, id);
  -- With the time, so that what is pending is counted without a look at the table.
  CREATE INDEX deliveries_by_lane ON deliveries (webhook_id, session_id, seq, created_at_ms)
    WHERE state = 'pending';
  CREATE INDEX deliveries_by_time ON deliveries (webhook_id, next_attempt_at_ms, id)
    WHERE next_attempt_at_ms IS NOT NULL;

  CREATE TABLE integrator_keys (
    id TEXT PRIMARY KEY,
    public_id TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    revoked_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE integrator_key_uses (id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  -- Sessions are forgotten some time after their end, with what belongs to them.
  ALTER TABLE sessions ADD COLUMN ended_at_ms INTEGER;
  UPDATE sessions SET ended_at_ms = json_extract(record, '$.ended_at_ms');
  CREATE INDEX sessions_by_end ON sessions (ended_at_ms) WHERE ended_at_ms IS NOT NULL;
  CREATE INDEX deliveries_by_session ON deliveries (session_id) WHERE session_id IS NOT NULL;
  `,
  `
  -- The audit: the chain of the server; the chain of a session is its journal with hashes.
  CREATE TABLE audit (seq INTEGER PRIMARY KEY, hash TEXT NOT NULL, entry TEXT NOT NULL) STRICT;
  CREATE TABLE audit_checkpoints (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    checkpoint TEXT NOT NULL
  ) STRICT;
  CREATE TABLE audit_keys (
    key_id TEXT PRIMARY KEY,
    public_key TEXT NOT NULL,
    seed TEXT,
    created_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE journal ADD COLUMN prev_hash TEXT;
  ALTER TABLE journal ADD COLUMN hash TEXT;
  CREATE INDEX journal_without_hash ON journal (session_id) WHERE hash IS NULL;
  -- Its chain has grown since the server's chain named it last.
  ALTER TABLE sessions ADD COLUMN unanchored INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX sessions_unanchored ON sessions (id) WHERE unanchored = 1;
  `,
] as const;
