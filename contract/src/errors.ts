// The one table of things that can be refused. A code is API: it keeps its meaning inside a major
// version. Every boundary (HTTP, sockets, data channels, postMessage) answers with these.
import { z } from 'zod';

type ErrorRow = {
  /** HTTP status of the problem document (RFC 9457). */
  readonly status: number;
  /** May the same request succeed later, unchanged? */
  readonly retryable: boolean;
  /** Short and constant; the changing part goes into `detail`. */
  readonly title: string;
};

export const ERRORS = {
  invalid_request: { status: 400, retryable: false, title: 'The request does not fit its schema' },
  invalid_json: { status: 400, retryable: false, title: 'The body is not JSON' },
  unknown_message: { status: 400, retryable: false, title: 'No such message in this conversation' },
  unauthenticated: { status: 401, retryable: false, title: 'A valid credential is needed' },
  credential_expired: { status: 401, retryable: false, title: 'The credential has expired' },
  credential_revoked: { status: 401, retryable: false, title: 'The credential was revoked' },
  credential_replayed: { status: 401, retryable: false, title: 'The proof was already used once' },
  code_used: { status: 401, retryable: false, title: 'The viewer code was already used' },
  code_expired: { status: 401, retryable: false, title: 'The viewer code has expired' },
  code_invalid: { status: 401, retryable: false, title: 'No such viewer code for this session' },
  origin_not_allowed: { status: 403, retryable: false, title: 'This origin may not do that' },
  embed_refused: { status: 403, retryable: false, title: 'The viewer can not be framed here' },
  scope_missing: { status: 403, retryable: false, title: 'The integrator key lacks a scope' },
  grant_missing: { status: 403, retryable: false, title: 'The viewer was not granted this' },
  consent_required: { status: 403, retryable: true, title: 'The end user has not consented' },
  machine_quarantined: { status: 403, retryable: false, title: 'The machine key is in use twice' },
  not_found: { status: 404, retryable: false, title: 'No such resource' },
  method_not_allowed: { status: 405, retryable: false, title: 'The resource has no such method' },
  session_not_found: { status: 404, retryable: false, title: 'No such session' },
  machine_not_found: { status: 404, retryable: false, title: 'No such machine' },
  session_ended: { status: 409, retryable: false, title: 'The session has ended' },
  client_ref_in_use: {
    status: 409,
    retryable: false,
    title: 'An open session of this device has this client_ref',
  },
  illegal_transition: { status: 409, retryable: false, title: 'Not possible in this state' },
  idempotency_conflict: {
    status: 422,
    retryable: false,
    title: 'The Idempotency-Key was used for another request',
  },
  idempotency_in_progress: {
    status: 409,
    retryable: true,
    title: 'The first request with this Idempotency-Key is still running',
  },
  device_enrolled: { status: 409, retryable: false, title: 'The enrolment token was already used' },
  stale_epoch: {
    status: 409,
    retryable: false,
    title: 'The command belongs to an older placement',
  },
  stale_topology: {
    status: 409,
    retryable: false,
    title: 'The monitors changed since the technician looked',
  },
  payload_too_large: { status: 413, retryable: false, title: 'The body is too large' },
  unsupported_media_type: {
    status: 415,
    retryable: false,
    title: 'The body has to be application/json',
  },
  range_not_satisfiable: {
    status: 416,
    retryable: false,
    title: 'The file has no such range',
  },
  feature_off: { status: 403, retryable: false, title: 'This feature is switched off here' },
  rate_limited: { status: 429, retryable: true, title: 'Too many requests' },
  limit_reached: { status: 429, retryable: true, title: 'A limit on concurrent use was reached' },
  internal: { status: 500, retryable: true, title: 'GuruConnect made a mistake; it was logged' },
  agent_offline: { status: 503, retryable: true, title: 'The agent is not connected' },
  no_media_node: { status: 503, retryable: true, title: 'No media node can take a session now' },
  media_node_unreachable: { status: 503, retryable: true, title: 'The media node does not answer' },
  media_failed: { status: 502, retryable: true, title: 'The media node refused' },
  shutting_down: { status: 503, retryable: true, title: 'This server is stopping' },
  timeout: { status: 504, retryable: true, title: 'No answer in time' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;
export const ErrorCode = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

/** Where in the request the fault lies: an RFC 6901 pointer and what is expected there. */
export const Fault = z.object({ pointer: z.string(), detail: z.string() });
export type Fault = z.output<typeof Fault>;

/** An error as it travels on sockets (acknowledgements). HTTP carries {@link Problem} instead. */
export const WireError = z.looseObject({
  code: z.string(),
  detail: z.string(),
  retryable: z.boolean(),
  retry_after_ms: z.number().int().nonnegative().optional(),
  errors: z.array(Fault).optional(),
  session_id: z.string().optional(),
});
export type WireError = z.output<typeof WireError>;

/** Problem document of RFC 9457; `code` is the stable part, `type` a link into CONTRACT.md. */
export const Problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string().describe('The stable part: act on this, never on the texts.'),
  detail: z.string().describe('What happened this time, for people.'),
  retryable: z.boolean().describe('May the same request succeed later, unchanged?'),
  instance: z.string().optional().describe('Id of this request in the logs.'),
  errors: z.array(Fault).optional(),
  session_id: z
    .string()
    .optional()
    .describe('`client_ref_in_use`: the session that is open already.'),
});
export type Problem = z.output<typeof Problem>;

type GcErrorOptions = {
  cause?: unknown;
  faults?: readonly Fault[];
  retryAfterMs?: number;
  /** The session that stands in the way. */
  sessionId?: string | undefined;
  /** More members of the problem document (RFC 9457, 3.2); told over HTTP only. */
  members?: Readonly<Record<string, unknown>>;
};

/**
 * A refusal with a code of the table. Thrown for what comes from outside; a broken invariant of
 * our own throws a plain Error and becomes `internal` at the edge.
 */
export class GcError extends Error {
  override readonly name = 'GcError';
  readonly code: ErrorCode;
  readonly faults: readonly Fault[];
  readonly retryAfterMs: number | undefined;
  readonly sessionId: string | undefined;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, detail: string = ERRORS[code].title, options: GcErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.faults = options.faults ?? [];
    this.retryAfterMs = options.retryAfterMs;
    this.sessionId = options.sessionId;
    this.members = options.members ?? {};
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  toWire(): WireError {
    return {
      code: this.code,
      detail: this.message,
      retryable: this.retryable,
      ...(this.retryAfterMs === undefined ? {} : { retry_after_ms: this.retryAfterMs }),
      ...this.#particulars(),
    };
  }

  toProblem(instance?: string): Problem {
    return {
      ...this.members,
      type: `urn:guruconnect:error:${this.code}`,
      title: ERRORS[this.code].title,
      status: this.status,
      code: this.code,
      detail: this.message,
      retryable: this.retryable,
      ...(instance === undefined ? {} : { instance }),
      ...this.#particulars(),
    };
  }

  #particulars(): Pick<WireError, 'errors' | 'session_id'> {
    return {
      ...(this.faults.length === 0 ? {} : { errors: [...this.faults] }),
      ...(this.sessionId === undefined ? {} : { session_id: this.sessionId }),
    };
  }

  /** A code this build does not know (a newer other end) is kept readable and becomes `internal`. */
  static fromWire(error: WireError): GcError {
    const known = ErrorCode.safeParse(error.code);
    const detail = known.success ? error.detail : `${error.code}: ${error.detail}`;
    return new GcError(known.success ? known.data : 'internal', detail, {
      faults: error.errors ?? [],
      sessionId: error.session_id,
      ...(error.retry_after_ms === undefined ? {} : { retryAfterMs: error.retry_after_ms }),
    });
  }

  /** Normalises whatever was thrown; unknown errors say nothing of their insides to the outside. */
  static from(error: unknown): GcError {
    if (error instanceof GcError) return error;
    if (error instanceof z.ZodError) return invalid(error);
    return new GcError('internal', ERRORS.internal.title, { cause: error });
  }
}

/** No name of ours is longer: a longer one is whatever somebody sent, maybe a secret as a field. */
const MAX_NAME = 32;
const TOLD_OF_NAME = 12;

const nameOf = (part: PropertyKey): string => {
  const name = String(part);
  const told = name.length > MAX_NAME ? `${name.slice(0, TOLD_OF_NAME)}…` : name;
  return told.replaceAll('~', '~0').replaceAll('/', '~1');
};

const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${nameOf(part)}`).join('');

/** Most faults told of one request: enough to fix it, never an amplifier. */
const MAX_FAULTS = 20;

/** A schema's refusal as `invalid_request` with one pointer per fault; values are never echoed. */
export function invalid(error: z.ZodError, what = 'The request'): GcError {
  const faults = error.issues
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({
            pointer: pointerOf([...issue.path, key]),
            detail: 'unknown field',
          }))
        : [{ pointer: pointerOf(issue.path), detail: issue.message.slice(0, 200) }],
    )
    .slice(0, MAX_FAULTS);
  const first = faults[0];
  const where = first ? `: ${first.pointer || '/'} ${first.detail}` : '';
  return new GcError('invalid_request', `${what} does not fit its schema${where}`, { faults });
}

/** Parses what came from outside, or throws `invalid_request`. */
export function parseOr<T extends z.ZodType>(
  schema: T,
  value: unknown,
  what?: string,
): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error, what);
}
