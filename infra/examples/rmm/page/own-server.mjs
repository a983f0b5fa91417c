// Questions to our own server, which holds the integrator key, and what to do about a refusal. Both
// it and <guru-session> refuse with the codes of GuruConnect's contract: act on `code`, never on texts.

/** @typedef {{ code: string, detail: string, retryable: boolean }} Refusal */

/** What a technician is told first; the contract's own words follow. */
const ADVICE = /** @type {Record<string, string>} */ ({
  client_ref_in_use: 'A colleague has opened this session already.',
  agent_offline: 'The machine is offline.',
  consent_required: 'The machine takes no input now.',
  embed_refused: 'The viewer can not be shown on this page. Start a fresh session.',
  feature_off: 'This GuruConnect does not offer that.',
  grant_missing: 'This session is for watching only.',
  limit_reached: 'Too many sessions are open. End one, then try again.',
  machine_not_found: 'GuruConnect does not know this machine.',
  machine_quarantined: 'Two computers claim to be this machine. Ask an administrator.',
  no_media_node: 'GuruConnect is at its limit. Try again in a moment.',
  rate_limited: 'Too many requests. Try again in a moment.',
  scope_missing: 'Our key for GuruConnect does not allow this. Ask an administrator.',
  session_ended: 'The session is over already.',
  timeout: 'GuruConnect does not answer.',
  unauthenticated: 'Our key for GuruConnect is not valid. Ask an administrator.',
});

/**
 * A code that is not in the table may come from a newer GuruConnect.
 * @param {Refusal} refusal
 */
export const adviceOn = ({ code, retryable }) =>
  ADVICE[code] ?? (retryable ? 'That did not work this time.' : 'That is not possible.');

/**
 * @param {unknown} thrown of `ask`, or of a command of <guru-session>
 * @returns {Refusal}
 */
export function refusalOf(thrown) {
  const { code, message, retryable } = /** @type {any} */ (thrown);
  // Our own server could not be reached.
  if (typeof code !== 'string')
    return { code: 'timeout', detail: String(message), retryable: true };
  return { code, detail: message, retryable: retryable === true };
}

/**
 * @param {string} path
 * @param {unknown} [body] posted when there is one
 * @returns {Promise<any>}
 * @throws {Error & Refusal} what our server, or GuruConnect behind it, refused
 */
export async function ask(path, body) {
  const response = await fetch(
    path,
    body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) },
  );
  const answer = await response.json();
  if (response.ok) return answer;
  const { code, detail, retryable } = answer;
  throw Object.assign(new Error(detail), { code, retryable });
}
