// A session's events, each in one row however often and by whichever way it was told: seq is what
// tells that two of them are the same.
/** @import { JournalEvent } from '@guruconnect/contract/journal' */

/** @typedef {'page' | 'webhook' | 'api'} Way */
const WAYS = /** @type {const} */ (['page', 'webhook', 'api']);

export class LifecycleLog {
  /** @type {HTMLElement} */
  #body;
  /** @type {Map<number, HTMLTableRowElement>} */
  #rows = new Map();

  /** @param {HTMLElement} body a `<tbody>` */
  constructor(body) {
    this.#body = body;
  }

  clear() {
    this.#rows.clear();
    this.#body.replaceChildren();
  }

  /** Has every event come by this way? @param {Way} way */
  isWhole(way) {
    return [...this.#rows.values()].every((row) => row.dataset[way] === 'told');
  }

  /**
   * @param {JournalEvent} event
   * @param {readonly Way[]} ways
   */
  add(event, ways) {
    const row = this.#rows.get(event.seq) ?? this.#newRow(event);
    for (const way of ways) {
      if (row.dataset[way] === 'told') continue;
      row.dataset[way] = 'told';
      const cell = row.querySelector(`.${way}`);
      if (cell) cell.innerHTML = '<span aria-hidden="true">✓</span><span class="hidden">yes</span>';
    }
  }

  /** @param {JournalEvent} event */
  #newRow({ seq, type, at, data }) {
    const row = document.createElement('tr');
    const why = data['end_reason'] ?? data['cause'] ?? data['reason'];
    row.append(
      cell('seq', String(seq)),
      cell('event', type, ...(typeof why === 'string' ? [reason(why)] : []), time(at)),
      ...WAYS.map((way) => cell(`way ${way}`, '')),
    );
    const after = [...this.#rows.keys()].filter((other) => other > seq).sort((a, b) => a - b)[0];
    this.#body.insertBefore(row, this.#rows.get(after ?? -1) ?? null);
    this.#rows.set(seq, row);
    row.scrollIntoView({ block: 'nearest' });
    return row;
  }
}

/** @param {string} why */
const reason = (why) => {
  const element = document.createElement('span');
  element.className = 'why';
  element.textContent = why.replaceAll('_', ' ');
  return element;
};

/** @param {string} at RFC 3339 */
const time = (at) => {
  const element = document.createElement('time');
  element.dateTime = at;
  element.textContent = new Date(at).toLocaleTimeString('en-GB');
  return element;
};

/**
 * @param {string} name
 * @param {string} text
 * @param {HTMLElement[]} more
 */
function cell(name, text, ...more) {
  const element = document.createElement('td');
  element.className = name;
  const words = document.createElement('span');
  words.textContent = text;
  element.append(words, ...more);
  return element;
}
