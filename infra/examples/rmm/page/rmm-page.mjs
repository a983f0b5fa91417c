// The dashboard's script: frames the viewer and talks to it over one MessagePort. This is all an
// integrator's page needs; the integrator key stays on the server. Plain JavaScript, as it is served.
/** @import { EmbedCommand, EmbedEvent } from '@guruconnect/contract/embed/embed-messages' */
/** @import { Machine } from '@guruconnect/contract/http/v1/machines' */
/** @import { JournalEvent } from '@guruconnect/contract/journal' */

const byId = (/** @type {string} */ id) => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element #${id}`);
  return element;
};
const button = (/** @type {string} */ id) => /** @type {HTMLButtonElement} */ (byId(id));

const buttons = {
  start: button('start'),
  keys: button('keys'),
  fullscreen: button('fullscreen'),
  end: button('end'),
};
const DEVICE_EVERY_MS = 3_000;

/** @type {HTMLIFrameElement | undefined} */
let frame;
let viewerOrigin = '';
/** @type {MessagePort | undefined} */
let port;
let nextCommandId = 1;

// --- our own server ---------------------------------------------------------------------------

/**
 * @param {string} path
 * @param {unknown} [body] posted when there is one
 * @returns {Promise<any>}
 */
async function ask(path, body) {
  const response = await fetch(
    path,
    body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) },
  );
  const answer = await response.json();
  if (response.ok) return answer;
  throw new Error(`${answer.detail} (${answer.code})`);
}

async function readDevice() {
  try {
    /** @type {Machine} */
    const machine = await ask('/api/device');
    const monitors = machine.topology?.monitors.length ?? 0;
    byId('device').textContent = machine.device_id;
    byId('crumb').textContent = machine.device_id;
    byId('facts').textContent = [
      machine.platform ?? 'unknown system',
      machine.os_version,
      machine.agent_version && `agent ${machine.agent_version}`,
      `${monitors} monitor${monitors === 1 ? '' : 's'}`,
    ]
      .filter(Boolean)
      .join(' · ');
    byId('online').textContent = machine.online ? 'Online' : 'Offline';
    byId('online').dataset['online'] = String(machine.online);
  } catch (error) {
    byId('facts').textContent = /** @type {Error} */ (error).message;
  }
}

async function start() {
  buttons.start.disabled = true;
  tell(undefined);
  const wish = new URLSearchParams(location.search);
  try {
    const session = await ask('/api/sessions', {
      ...(wish.has('mode') ? { mode: wish.get('mode') } : {}),
      ...(wish.has('grants') ? { grants: wish.get('grants') } : {}),
    });
    embed(session.viewer.url, session.viewer.code);
  } catch (error) {
    tell(/** @type {Error} */ (error).message);
    buttons.start.disabled = false;
  }
}

// --- the viewer in its frame ------------------------------------------------------------------

/**
 * @param {string} url
 * @param {string} code
 */
function embed(url, code) {
  port?.close();
  port = undefined;
  byId('events').replaceChildren();
  viewerOrigin = new URL(url).origin;
  frame = document.createElement('iframe');
  frame.title = 'Remote session';
  frame.allow = 'fullscreen; clipboard-read; clipboard-write; autoplay';
  frame.referrerPolicy = 'no-referrer';
  // The one-time code rides in the fragment: it reaches the viewer and no server's log.
  frame.src = `${url}#code=${code}`;
  byId('viewer').replaceChildren(frame);
}

addEventListener('message', (event) => {
  if (event.source !== frame?.contentWindow || event.origin !== viewerOrigin) return;
  if (event.data?.gc !== 'ready') return;
  const channel = new MessageChannel();
  port?.close();
  port = channel.port1;
  port.onmessage = ({ data }) => hear(data);
  frame?.contentWindow?.postMessage({ gc: 'connect', version: 1 }, viewerOrigin, [channel.port2]);
});

/** @param {EmbedEvent} message */
function hear(message) {
  switch (message.gc) {
    case 'connected':
    case 'state': {
      const over = message.state === 'ended' || message.state === 'failed';
      const why = message.gc === 'state' ? (message.end_reason ?? message.error?.code) : undefined;
      byId('state').textContent = why ? `${message.state} (${why})` : message.state;
      byId('state').dataset['state'] = message.state;
      buttons.start.disabled = !over;
      buttons.end.disabled = over;
      buttons.fullscreen.disabled = over;
      if (over) {
        buttons.keys.disabled = true;
        byId('monitors').replaceChildren();
      }
      return;
    }
    case 'event':
      return addEvent(message.event);
    case 'topology':
      return showMonitors(message);
    case 'input':
      buttons.keys.disabled = !message.enabled;
      return;
    case 'done':
      return tell(message.error && `${message.error.detail} (${message.error.code})`);
  }
}

/** @param {EmbedCommand} what */
function command(what) {
  port?.postMessage({ ...what, id: nextCommandId });
  nextCommandId += 1;
}

// --- what is shown ----------------------------------------------------------------------------

/** @param {JournalEvent} event */
function addEvent({ seq, type, at }) {
  const row = document.createElement('li');
  for (const [name, text] of [
    ['seq', `#${seq}`],
    ['type', type],
    ['at', new Date(at).toLocaleTimeString()],
  ]) {
    const cell = document.createElement('span');
    cell.className = name ?? '';
    cell.textContent = text ?? '';
    row.append(cell);
  }
  byId('events').prepend(row);
}

/** @param {Extract<EmbedEvent, { gc: 'topology' }>} message */
function showMonitors(message) {
  byId('monitors').replaceChildren(
    ...message.topology.monitors.map(({ monitor_id, name, width, height }, index) => {
      const select = document.createElement('button');
      select.type = 'button';
      select.textContent = `Screen ${index + 1}`;
      select.title = `${name}, ${width} × ${height}`;
      select.setAttribute('aria-pressed', String(monitor_id === message.selected_monitor_id));
      select.onclick = () => command({ gc: 'select_monitor', monitor_id });
      return select;
    }),
  );
}

/** @param {string | undefined} problem */
function tell(problem) {
  byId('problem').hidden = problem === undefined;
  byId('problem').textContent = problem ?? '';
}

buttons.start.onclick = () => void start();
buttons.end.onclick = () => command({ gc: 'end_session' });
buttons.keys.onclick = () =>
  command({ gc: 'send_keys', codes: ['ControlLeft', 'AltLeft', 'Delete'] });
// A frame may not lock the keyboard for itself (WICG Keyboard Lock, 2): its page does it for it, and
// then Alt+Tab and Escape reach the remote machine as well.
buttons.fullscreen.onclick = async () => {
  await frame?.requestFullscreen();
  /** @type {{ lock(): Promise<void> } | undefined} */
  const keyboard = /** @type {any} */ (navigator).keyboard;
  await keyboard?.lock();
  command({ gc: 'focus' });
};

void readDevice();
setInterval(() => void readDevice(), DEVICE_EVERY_MS);
if (new URLSearchParams(location.search).get('autostart') === '1') void start();
