// The mock's own viewer: its page, and the two questions the page asks the broker. Neither is part of
// the contract; what the page says to the page that frames it is (contract/src/embed).
import { readFileSync } from 'node:fs';
import { GcError } from '../errors.ts';
import { SessionId } from '../ids.ts';
import type { MockFeatures } from './features.ts';
import type { MockSessions } from './mock-sessions.ts';
import type { Admitted, MockViewers } from './mock-viewers.ts';
import { nextEvent } from './next-event.ts';
import { sendJson, type OwnAnswer } from './serve-routes.ts';

const file = (name: string): string =>
  readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8');
const ASSETS = new Map([
  ['mock-viewer.js', { type: 'text/javascript', text: file('mock-viewer.js') }],
  ['mock-viewer.css', { type: 'text/css', text: file('mock-viewer.css') }],
]);
const PAGE = file('index.html');
const NO_SUCH =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>There is no such session</title><h1>There is no such session</h1></html>\n';

export type ViewerDoorParts = {
  readonly sessions: MockSessions;
  readonly viewers: MockViewers;
  readonly features: MockFeatures;
};

/** @returns undefined for a path that is none of the viewer's. */
export function viewerDoor(
  parts: ViewerDoorParts,
): (method: string, path: string) => OwnAnswer | undefined {
  const { sessions, viewers } = parts;
  return (method, path) => {
    if (method === 'POST' && path === '/mock/viewer/end')
      return (request, response) => {
        const { sessionId } = viewers.byToken(request.headers.authorization);
        sendJson(request, response, 200, sessions.end(sessionId, 'technician_ended'));
      };
    if (method !== 'GET') return undefined;
    if (path === '/mock/viewer/events')
      return (request, response) => {
        const viewer = viewers.byToken(request.headers.authorization);
        const gone = new AbortController();
        response.once('close', () => gone.abort());
        return tell(parts, viewer, gone.signal, response);
      };
    const [, name = ''] = /^\/viewer\/(?:assets\/)?([\w.-]+)$/.exec(path) ?? [];
    const asset = path.startsWith('/viewer/assets/') ? ASSETS.get(name) : undefined;
    if (asset)
      return (_request, response) =>
        response.writeHead(200, { 'Content-Type': `${asset.type}; charset=utf-8` }).end(asset.text);
    return path.startsWith('/viewer/') ? viewerPage(parts, name) : undefined;
  };
}

function viewerPage({ sessions, features }: ViewerDoorParts, name: string): OwnAnswer {
  return (_request, response) => {
    const id = SessionId.safeParse(name);
    const found = sessions.list().find((session) => session.id === id.data);
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    if (!found) {
      response.writeHead(404).end(NO_SUCH);
      return;
    }
    const origins = features.has('embedded_viewer') ? found.embed_origins : [];
    response.removeHeader('X-Frame-Options');
    response.setHeader(
      'Content-Security-Policy',
      `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors ${origins.join(' ') || "'none'"}`,
    );
    response.writeHead(200, { 'Cache-Control': 'no-store' }).end(PAGE);
  };
}

/** The session and its journal from the first event on, a JSON document a line, until either ends. */
async function tell(
  { sessions, viewers }: ViewerDoorParts,
  viewer: Admitted,
  gone: AbortSignal,
  response: Parameters<OwnAnswer>[1],
): Promise<void> {
  const id = viewer.sessionId;
  const say = (told: object): void => void response.write(`${JSON.stringify(told)}\n`);
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' });
  viewers.join(viewer);
  for (let seen = 0; !gone.aborted;) {
    const events = sessions.journal(id).slice(seen);
    seen += events.length;
    const session = sessions.read(id);
    say({ session, events });
    if (viewer.removed) say({ error: new GcError('credential_revoked').toWire() });
    if (viewer.removed || session.state === 'ended') break;
    await nextEvent(sessions, id, seen, gone);
  }
  viewers.leave(viewer);
  response.end();
}
