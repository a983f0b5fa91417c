// What is said in the middle of the stage while there is no picture, and over it when the picture
// cannot be trusted. Templates only.
import { html, nothing, type TemplateResult } from 'lit';
import type { GcError } from '@guruconnect/contract/errors';
import type { Session } from '@guruconnect/contract/session';
import type { ViewerSnapshot } from '../index.ts';
import { ICONS } from './icons.ts';
import { END_WORDS, duration, failure, grantWords } from './strings.ts';

/** @param nowMs for the consent countdown. */
export function stageMessage(
  snapshot: ViewerSnapshot,
  nowMs: number,
): TemplateResult | typeof nothing {
  const { state, session } = snapshot;
  switch (state) {
    case 'exchanging':
      return waiting('Opening the session');
    case 'joining':
      return waiting(
        'Connecting to the server',
        snapshot.linkAttempts > 1 ? 'The server does not answer yet. Still trying.' : undefined,
      );
    case 'waiting_agent':
      return waiting(
        `Waiting for ${session?.device_id ?? 'the machine'}`,
        session?.agent_online
          ? 'The machine is online and is taking the session.'
          : 'The machine is offline. The session begins by itself when it comes online.',
      );
    case 'waiting_consent':
      return session ? consent(session, snapshot.consentExpiresAtMs, nowMs) : nothing;
    case 'connecting':
      return waiting('Connecting to the desktop');
    case 'live':
      return live(snapshot);
    case 'reconnecting':
      return html`
        <div class="scrim"></div>
        <div class="banner" data-kind="reconnecting">
          <span class="spinner" aria-hidden="true"></span>
          <span>${reconnectingWords(session)}</span>
        </div>
      `;
    case 'ended':
      return ended(session);
    case 'failed':
      return snapshot.error ? failed(snapshot.error) : nothing;
  }
}

function live(snapshot: ViewerSnapshot): TemplateResult | typeof nothing {
  if (snapshot.topology.monitors.length === 0)
    return card(
      'No monitor is connected',
      html`<p>The machine has no screen to show right now. The picture comes back by itself.</p>`,
    );
  if (snapshot.picture === 'none') return waiting('Waiting for the picture');
  if (snapshot.picture !== 'stale') return nothing;
  return html`
    <div class="banner" data-kind="stale">
      <span class="spinner" aria-hidden="true"></span>
      <span>No new picture for a while. What you see may be old.</span>
    </div>
  `;
}

function reconnectingWords(session: Session | undefined): string {
  return session?.state === 'live'
    ? 'The connection was lost. Reconnecting …'
    : 'The machine is away for a moment. Reconnecting …';
}

function waiting(title: string, detail?: string): TemplateResult {
  return html`
    <div class="message waiting">
      <div class="placeholder" aria-hidden="true">${ICONS.monitor}</div>
      <h1>${title}</h1>
      ${detail ? html`<p>${detail}</p>` : nothing}
    </div>
  `;
}

function consent(session: Session, expiresAtMs: number | undefined, nowMs: number): TemplateResult {
  const { technician } = session;
  const organization = technician.organization ? ` (${technician.organization})` : '';
  const leftS = expiresAtMs === undefined ? undefined : Math.ceil((expiresAtMs - nowMs) / 1000);
  return html`
    <div class="message waiting">
      <div class="placeholder" aria-hidden="true">${ICONS.monitor}</div>
      <h1>Waiting for consent</h1>
      <p>
        The person at <strong>${session.device_id}</strong> is being asked to let
        <strong>${technician.name}</strong>${organization} ${grantWords(session.grants)}.
      </p>
      ${session.reason ? html`<p class="quote">${session.reason}</p>` : nothing}
      ${
        leftS === undefined
          ? nothing
          : html`
              <progress max=${session.consent.timeout_s} value=${Math.max(0, leftS)}></progress>
              <p class="fine">
                ${leftS > 0 ? `No answer within ${leftS} s means no.` : 'The time is over.'}
              </p>
            `
      }
    </div>
  `;
}

function ended(session: Session | undefined): TemplateResult {
  const lasted =
    session?.live_at && session.ended_at
      ? Date.parse(session.ended_at) - Date.parse(session.live_at)
      : undefined;
  return card(
    'Session ended',
    html`
      ${session?.end_reason ? html`<p>${END_WORDS[session.end_reason]}</p>` : nothing}
      ${
        lasted === undefined
          ? nothing
          : html`<p class="fine">${session?.device_id}, ${duration(lasted)}</p>`
      }
    `,
  );
}

function failed(error: GcError): TemplateResult {
  const { title, advice } = failure(error.code);
  return card(
    title,
    html`
      <p>${advice}</p>
      <p class="fine"><code>${error.code}</code></p>
    `,
    'alert',
  );
}

function card(title: string, body: TemplateResult, role?: 'alert'): TemplateResult {
  return html`
    <div class="message card" role=${role ?? 'group'} aria-label=${title}>
      <h1>${title}</h1>
      ${body}
    </div>
  `;
}
