// The dashboard's script: frames the viewer and talks to it over one MessagePort. This is all an
// integrator's page needs; the integrator key stays on the server.
import type { EmbedCommand, EmbedEvent } from '@guruconnect/contract/embed/embed-messages';
import type { JournalEvent } from '@guruconnect/contract/journal';
import type { Machine } from '@guruconnect/contract/http/v1/machines';

const byId = <T extends HTMLElement = HTMLElement>(id: string): T => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element #${id}`);
  return element as T;
};

const buttons = {
  start: byId<HTMLButtonElement>('start'),
  keys: byId<HTMLButtonElement>('keys'),
  fullscreen: byId<HTMLButtonElement>('fullscreen'),
  end: byId<HTMLButtonElement>('end'),
};
const DEVICE_EVERY_MS = 3_000;

let frame: HTMLIFrameElement | undefined;
let viewerOrigin = '';
let port: MessagePort | undefined;
let nextCommandId = 1;

// --- our own server ---------------------------------------------------------------------------

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const response = await fetch(
    path,
    body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) },
  );
  const answer: unknown = await response.json();
  if (response.ok) return answer as T;
  const problem = answer as { code: string; detail: string };
  throw new Error(`${problem.detail} (${problem.code})`);
}

async function readDevice(): Promise<void> {
  try {
    const machine = await ask<Machine>('/api/device');
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
    byId('facts').textContent = (error as Error).message;
  }
}

async function start(): Promise<void> {
  buttons.start.disabled = true;
  tell(undefined);
  const wish = new URLSearchParams(location.search);
  try {
    const session = await ask<{ id: string; viewer: { url: string; code: string } }>(
      '/api/sessions',
      {
        ...(wish.has('mode') ? { mode: wish.get('mode') } : {}),
        ...(wish.has('grants') ? { grants: wish.get('grants') } : {}),
      },
    );
    embed(session.viewer.url, session.viewer.code);
  } catch (error) {
    tell((error as Error).message);
    buttons.start.disabled = false;
  }
}

// --- the viewer in its frame ------------------------------------------------------------------

function embed(url: string, code: string): void {
  port?.close();
  port = undefined;
  byId('events').replaceChildren();
  viewerOrigin = new URL(url).origin;
  frame = document.createElement('iframe');
  frame.title = 'Remote session';
  frame.allow = 'fullscreen; keyboard-lock; clipboard-read; clipboard-write; autoplay';
  frame.referrerPolicy = 'no-referrer';
  // The one-time code rides in the fragment: it reaches the viewer and no server's log.
  frame.src = `${url}#code=${code}`;
  byId('viewer').replaceChildren(frame);
}

window.addEventListener('message', (event) => {
  if (event.source !== frame?.contentWindow || event.origin !== viewerOrigin) return;
  if ((event.data as { gc?: unknown } | null)?.gc !== 'ready') return;
  const channel = new MessageChannel();
  port?.close();
  port = channel.port1;
  port.onmessage = ({ data }: MessageEvent<EmbedEvent>) => hear(data);
  frame?.contentWindow?.postMessage({ gc: 'connect', version: 1 }, viewerOrigin, [channel.port2]);
});

function hear(message: EmbedEvent): void {
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

function command(what: EmbedCommand): void {
  port?.postMessage({ ...what, id: nextCommandId });
  nextCommandId += 1;
}

// --- what is shown ----------------------------------------------------------------------------

function addEvent({ seq, type, at }: JournalEvent): void {
  const row = document.createElement('li');
  for (const [name, text] of [
    ['seq', `#${seq}`],
    ['type', type],
    ['at', new Date(at).toLocaleTimeString()],
  ] as const) {
    const cell = document.createElement('span');
    cell.className = name;
    cell.textContent = text;
    row.append(cell);
  }
  byId('events').prepend(row);
}

function showMonitors(message: Extract<EmbedEvent, { gc: 'topology' }>): void {
  byId('monitors').replaceChildren(
    ...message.topology.monitors.map(({ monitor_id, name, width, height }, index) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = `Screen ${index + 1}`;
      button.title = `${name}, ${width} × ${height}`;
      button.setAttribute('aria-pressed', String(monitor_id === message.selected_monitor_id));
      button.onclick = () => command({ gc: 'select_monitor', monitor_id });
      return button;
    }),
  );
}

function tell(problem: string | undefined): void {
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
  const { keyboard } = navigator as Navigator & { keyboard?: { lock(): Promise<void> } };
  await keyboard?.lock();
  command({ gc: 'focus' });
};

void readDevice();
setInterval(() => void readDevice(), DEVICE_EVERY_MS);
if (new URLSearchParams(location.search).get('autostart') === '1') void start();
