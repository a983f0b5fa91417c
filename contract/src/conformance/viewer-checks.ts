// Who gets into a viewer, who may frame it, and what answers say of themselves in headers.
import { ExchangedCode } from '../http/v1/viewer.ts';
import { ViewerInvitation, type CreatedSession } from '../http/v1/sessions.ts';
import type { Check } from './check.ts';
import { answered, demand, NotApplicable, refused, type Answer, type Probe } from './probe.ts';

/** A public key nobody here has the private half of (RFC 7517, appendix A.2): it proves nothing. */
const PUBLIC_KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
  y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
} as const;

/** A code in a link is good for a minute; clocks may differ by as much again. */
const LONGEST_CODE_MS = 60_000;
const CLOCKS_MS = 60_000;

const exchange = (
  probe: Probe,
  { viewer }: Pick<CreatedSession, 'viewer'>,
  session_id: string,
): Promise<Answer> =>
  probe.ask('POST', '/viewer/exchange', {
    key: null,
    body: { session_id, code: viewer.code, public_key: PUBLIC_KEY },
    // Only the viewer's own page may exchange a code.
    headers: { origin: new URL(viewer.url).origin },
  });

/** The page, below the address that is checked: another one may be its public one. */
const viewerPage = (probe: Probe, { viewer }: CreatedSession): Promise<Answer> =>
  probe.ask('GET', `/${viewer.url.slice(new URL(viewer.url).origin.length)}`, { key: null });

const ancestors = (answer: Answer): string[] | undefined =>
  /(?:^|;)\s*frame-ancestors ([^;]*)/
    .exec(answer.header('content-security-policy') ?? '')?.[1]
    ?.trim()
    .split(/\s+/);

export const VIEWER_CHECKS: readonly Check[] = [
  {
    id: 'codes.once',
    promise: 'A viewer code works once',
    section: 'Quick start',
    async run(probe) {
      const created = await probe.createSession();
      const first = answered(ExchangedCode, 200, await exchange(probe, created, created.id));
      demand(first.session_id === created.id, 'the token is for another session');
      refused(await exchange(probe, created, created.id), 'code_used', 'a used code');
    },
  },
  {
    id: 'codes.bound',
    promise: 'A viewer code works for its own session only, and is not spent by trying another',
    section: 'Quick start',
    async run(probe) {
      const [one, other] = [await probe.createSession(), await probe.createSession()];
      refused(await exchange(probe, one, other.id), 'code_invalid', 'a code of another session');
      answered(ExchangedCode, 200, await exchange(probe, one, one.id));
    },
  },
  {
    id: 'codes.short',
    promise: 'A viewer code lives a minute at most and is not part of any address',
    section: 'Quick start',
    async run(probe) {
      const { viewer, id } = await probe.createSession();
      const livesMs = Date.parse(viewer.code_expires_at) - Date.now();
      demand(
        livesMs <= LONGEST_CODE_MS + CLOCKS_MS,
        `the code lives ${Math.round(livesMs / 1000)} s`,
      );
      demand(!viewer.url.includes(viewer.code), 'the code is part of the url');
      const read = await probe.ask('GET', `/sessions/${id}`);
      demand(!read.text.includes(viewer.code), 'the code can be read again');
    },
  },
  {
    id: 'codes.grants',
    promise: 'A further viewer may get less than the session has, never more',
    section: 'Concepts',
    async run(probe) {
      await probe.needs('view_only', 'remote_input');
      const { id } = await probe.createSession({ grants: ['view'] });
      const path = `/sessions/${id}/viewer-codes`;
      answered(
        ViewerInvitation,
        201,
        await probe.ask('POST', path, { body: { grants: ['view'] } }),
      );
      const more = await probe.ask('POST', path, { body: { grants: ['view', 'control'] } });
      refused(more, 'grant_missing', 'more grants than the session has');
    },
  },
  {
    id: 'framing.viewer',
    promise: 'The viewer may be framed by exactly the origins of its session',
    section: 'Embedding',
    async run(probe) {
      await probe.needs('embedded_viewer');
      const origins = ['https://rmm.example', 'https://second.example:8443'];
      const page = await viewerPage(probe, await probe.createSession({ embed_origins: origins }));
      if (page.status === 503) throw new NotApplicable('this server has no viewer installed');
      demand(page.status === 200, `the viewer answered ${page.status}`);
      const told = ancestors(page) ?? ['anybody'];
      demand(
        JSON.stringify([...told].sort()) === JSON.stringify([...origins].sort()),
        `frame-ancestors of the viewer is ${told.join(' ')}`,
      );
      demand(
        page.header('x-frame-options') === undefined,
        'the viewer sends X-Frame-Options, which knows no list of origins',
      );
      const alone = ancestors(await viewerPage(probe, await probe.createSession()));
      demand(alone?.join() === "'none'", 'a viewer whose session names no origins may be framed');
    },
  },
  {
    id: 'framing.elsewhere',
    promise: 'Nothing but the viewer may be framed',
    section: 'Embedding',
    async run(probe) {
      for (const path of ['/capabilities', '/sessions', '//viewer/ses_nobody']) {
        const answer = await probe.ask('GET', path);
        demand(
          ancestors(answer)?.join() === "'none'",
          `${path} may be framed by ${ancestors(answer)?.join(' ') ?? 'anybody'}`,
        );
      }
    },
  },
  {
    id: 'headers.answers',
    promise: 'Answers say what is left of the rate, and are kept by nobody on the way',
    section: 'Limits',
    async run(probe) {
      const answer = await probe.ask('GET', '/sessions?limit=1');
      for (const name of ['ratelimit', 'ratelimit-policy'])
        demand(answer.header(name) !== undefined, `there is no ${name} header`);
      demand(
        answer.header('cache-control')?.includes('no-store') ?? false,
        'an answer that holds sessions may be kept by caches',
      );
      demand(
        answer.header('content-type')?.startsWith('application/json') ?? false,
        'an answer is not called application/json',
      );
    },
  },
];
