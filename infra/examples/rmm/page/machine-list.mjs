// The machines and whether they are online, as GuruConnect tells it.
/** @import { Machine } from '@guruconnect/contract/http/v1/machines' */

const AGO = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** @param {string | undefined} at RFC 3339 */
function ago(at) {
  if (at === undefined) return 'never seen';
  const minutes = Math.round((Date.parse(at) - Date.now()) / 60_000);
  if (minutes > -60) return `seen ${AGO.format(minutes, 'minute')}`;
  if (minutes > -60 * 24) return `seen ${AGO.format(Math.round(minutes / 60), 'hour')}`;
  return `seen ${AGO.format(Math.round(minutes / 60 / 24), 'day')}`;
}

/** @param {Machine} machine */
const presence = (machine) => {
  if (machine.quarantined) return 'quarantined';
  return machine.online ? 'online' : 'offline';
};

/** One line on what it is. @param {Machine} machine */
export function factsOf(machine) {
  const monitors = machine.topology?.monitors.length ?? 0;
  return [
    machine.os_version ?? machine.platform ?? 'unknown system',
    machine.agent_version && `agent ${machine.agent_version}`,
    monitors > 0 && `${monitors} monitor${monitors === 1 ? '' : 's'}`,
    !machine.online && ago(machine.last_seen_at),
  ]
    .filter(Boolean)
    .join(' · ');
}

/**
 * Keeps the focus: rows that are there already are only brought up to date.
 * @param {HTMLElement} list
 * @param {readonly Machine[]} machines
 * @param {string | undefined} selected device id
 * @param {(deviceId: string) => void} onSelect
 */
export function showMachines(list, machines, selected, onSelect) {
  const rows = new Map([...list.children].map((row) => [row.getAttribute('data-device'), row]));
  list.replaceChildren(
    ...machines.map((machine) => {
      const row = rows.get(machine.device_id) ?? newRow(machine.device_id, onSelect);
      const button = row.querySelector('button');
      button?.setAttribute('aria-current', String(machine.device_id === selected));
      const [, dot, about] = button?.children ?? [];
      if (dot instanceof HTMLElement) {
        dot.dataset['presence'] = presence(machine);
        dot.textContent = presence(machine);
      }
      if (about) about.textContent = factsOf(machine);
      return row;
    }),
  );
}

/**
 * @param {string} deviceId
 * @param {(deviceId: string) => void} onSelect
 */
function newRow(deviceId, onSelect) {
  const row = document.createElement('li');
  row.dataset['device'] = deviceId;
  const button = document.createElement('button');
  button.type = 'button';
  button.onclick = () => onSelect(deviceId);
  for (const name of ['name', 'presence', 'quiet']) {
    const part = document.createElement('span');
    part.className = name;
    button.append(part);
  }
  const [name] = button.children;
  if (name) name.textContent = deviceId;
  row.append(button);
  return row;
}
