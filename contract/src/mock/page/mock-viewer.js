// The page of the mock's viewer: trades its one-time code as the real viewer does, shows what the broker
// tells, and holds the conversation of contract/src/embed with the page that frames it. Plain JavaScript
// because it is served as it is; tsc reads its types from the comments.

/** @import { EmbedCommand, EmbedEvent, ViewerState } from '../../embed/embed-messages.ts' */
/** @import { WireError } from '../../errors.ts' */
/** @import { ExchangedCode } from '../../http/v1/viewer.ts' */
/** @import { JournalEvent } from '../../journal.ts' */
/** @import { Session } from '../../session.ts' */
/** @typedef {{ session?: Session, events?: JournalEvent[], error?: WireError }} Told */

const API = '/api/integration/v1';
const VERSION = 1;
const sessionId = location.pathname.split('/').at(-1) ?? '';
const code = new URLSearchParams(location.hash.slice(1)).get('code') ?? '';
history.replaceState(null, '', location.pathname);

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @type {ViewerState} */
let state = 'exchanging';
/** @type {WireError | undefined} */
let error;
/** @type {Session | undefined} */
let session;
/** @type {ExchangedCode | undefined} */
let admitted;
/** @type {number | undefined} */
let selected;
/** @type {JournalEvent[]} */
const journal = [];
/** @type {MessagePort | undefined} */
let port;
/** What the page that frames us heard last of each kind, to tell it only what is new. */
const said = new Map();

/** @param {EmbedEvent} message */
function say(message) {
  const text = JSON.stringify(message);
  if (message.gc !== 'event' && message.gc !== 'done') {
    if (said.get(message.gc) === text) return;
    said.set(message.gc, text);
  }
  port?.postMessage(message);
}

function inputOff() {
  if (!admitted?.grants.includes('control')) return 'the viewer was granted to look only';
  return state === 'live' ? undefined : 'the session is not live';
}

/** Shows everything, and tells what is new. */
function show() {
  element('state').textContent = session?.end_reason ?? error?.code ?? state;
  const monitors = session?.topology.monitors ?? [];
  selected ??= monitors.find(({ primary }) => primary)?.monitor_id;
  element('monitors').replaceChildren(
    ...monitors.map(({ monitor_id, name, width, height }) => {
      const button = document.createElement('button');
      button.textContent = `${name} ${width}×${height}`;
      button.ariaPressed = String(monitor_id === selected);
      button.onclick = () => select(monitor_id);
      return button;
    }),
  );
  const isOpen = admitted !== undefined && state !== 'ended' && state !== 'failed';
  element('end').toggleAttribute('disabled', !isOpen);
  const end_reason = session?.end_reason;
  say({ gc: 'state', state, ...(end_reason ? { end_reason } : {}), ...(error ? { error } : {}) });
  if (session) {
    const { topology } = session;
    const selected_monitor_id = selected;
    say({ gc: 'topology', topology, ...(selected_monitor_id ? { selected_monitor_id } : {}) });
  }
  const why = inputOff();
  say({ gc: 'input', enabled: why === undefined, ...(why ? { why } : {}) });
}

/** @param {Told} told */
function hear(told) {
  session = told.session ?? session;
  error = told.error ?? error;
  if (session) state = session.state;
  if (error) state = 'failed';
  for (const event of told.events ?? []) {
    journal.push(event);
    const line = document.createElement('li');
    line.textContent = event.type;
    element('events').append(line);
    say({ gc: 'event', event });
  }
  show();
}

/** @type {(code: string, detail: string) => WireError} */
const refusal = (code, detail) => ({ code, detail, retryable: false });

/** @param {number} monitorId */
function select(monitorId) {
  if (!session?.topology.monitors.some(({ monitor_id }) => monitor_id === monitorId))
    throw refusal('invalid_request', 'there is no such monitor');
  selected = monitorId;
  show();
}

/** @param {EmbedCommand} command */
async function carryOut(command) {
  switch (command.gc) {
    case 'select_monitor':
      return select(command.monitor_id);
    case 'send_keys':
      if (inputOff() !== undefined) throw refusal('grant_missing', inputOff() ?? '');
      return;
    case 'set_layout':
    case 'focus':
      return;
    case 'end_session':
      return end();
    default:
      throw refusal('invalid_request', 'the mock viewer knows no such command');
  }
}

/** @param {EmbedCommand} command */
async function command(command) {
  const { id } = command;
  try {
    await carryOut(command);
    if (id !== undefined) say({ gc: 'done', id });
  } catch (thrown) {
    if (id !== undefined) say({ gc: 'done', id, error: /** @type {WireError} */ (thrown) });
  }
}

async function end() {
  const answer = await fetch('/mock/viewer/end', { method: 'POST', headers: credentials() });
  if (!answer.ok) throw await answer.json();
}

const credentials = () => ({ authorization: `Bearer ${admitted?.token}` });

/** Heard is only our own parent, from an origin that the session allows. */
function listen() {
  addEventListener('message', ({ source, origin, data, ports: [theirs] }) => {
    if (source !== parent || data?.gc !== 'connect' || data.version !== VERSION || !theirs) return;
    if (!admitted?.embed_origins.includes(origin)) return;
    port?.close();
    port = theirs;
    port.onmessage = (message) => void command(message.data);
    said.clear();
    say({ gc: 'connected', version: VERSION, session_id: sessionId, state });
    show();
    for (const event of journal) say({ gc: 'event', event });
  });
  parent.postMessage({ gc: 'ready', versions: [VERSION] }, '*');
}

async function exchange() {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const answer = await fetch(`${API}/viewer/exchange`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ session_id: sessionId, code, public_key: { kty, crv, x, y } }),
  });
  const json = await answer.json();
  if (!answer.ok) throw json;
  return /** @type {ExchangedCode} */ (json);
}

async function follow() {
  const answer = await fetch('/mock/viewer/events', { headers: credentials() });
  if (!answer.ok || !answer.body) throw await answer.json();
  let rest = '';
  for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) hear(JSON.parse(line));
  }
  if (state !== 'ended' && state !== 'failed') throw refusal('timeout', 'the broker is gone');
}

element('end').onclick = () => void end();
try {
  admitted = await exchange();
  state = 'joining';
  show();
  // The allowed origins are known only now; whoever frames us has waited for "ready".
  if (parent !== window) listen();
  await follow();
} catch (thrown) {
  const {
    code: told = 'internal',
    detail = String(thrown),
    retryable = false,
  } = /** @type {Partial<WireError>} */ (thrown ?? {});
  hear({ error: { code: told, detail, retryable } });
}
