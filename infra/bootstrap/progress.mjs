// Progress lines of the set-up, on stderr so that stdout stays free for the command's own output
// (`--json`). On a terminal the running step is rewritten in place; elsewhere (a CI log) it is
// repeated only now and then, so that a four-minute build is visible but not noisy.

/** How often a running step is repeated where lines cannot be rewritten. */
const REPEAT_INTERVAL_MS = 15_000;

/**
 * @typedef {{ line: (text: string) => void, live: (text: string) => void }} Log
 *   `line` prints for good, `live` shows something that the next call may replace.
 * @typedef {{ update: (text: string) => void, note: (text: string) => void, done: (text: string) => void }} Step
 */

/**
 * @param {{ write: (text: string) => unknown, isTTY?: boolean, columns?: number }} stream
 * @param {() => number} [nowMs]
 * @returns {Log}
 */
export function createLog(stream, nowMs = Date.now) {
  let liveShown = false;
  let repeatedAtMs = -Infinity;
  const clear = () => {
    if (liveShown) stream.write('\r\x1b[K');
    liveShown = false;
  };
  return {
    line(text) {
      clear();
      repeatedAtMs = -Infinity;
      stream.write(`${text}\n`);
    },
    live(text) {
      if (stream.isTTY) {
        // A wrapped line could not be taken back by \r.
        stream.write(`\r\x1b[K${text.slice(0, (stream.columns ?? 80) - 1)}`);
        liveShown = true;
      } else if (nowMs() - repeatedAtMs >= REPEAT_INTERVAL_MS) {
        repeatedAtMs = nowMs();
        stream.write(`${text}\n`);
      }
    },
  };
}

/**
 * Numbers the steps: `[setup 2/3] media worker: building, 34 % (1 min 12 s)`.
 * @param {Log} log
 * @param {number} total
 * @param {() => number} [nowMs]
 */
export function createSteps(log, total, nowMs = Date.now) {
  let number = 0;
  return {
    /** @param {string} title @returns {Step} */
    begin(title) {
      number += 1;
      const prefix = `[setup ${number}/${total}] ${title}:`;
      const startedAtMs = nowMs();
      const elapsed = () => `(${formatDuration(nowMs() - startedAtMs)})`;
      return {
        update: (text) => log.live(`${prefix} ${text} ${elapsed()}`),
        note: (text) => log.line(`${prefix} ${text}`),
        done: (text) => log.line(`${prefix} ${text} ${elapsed()}`),
      };
    },
  };
}

/** `0.2 s`, `42 s`, `3 min 05 s`. @param {number} durationMs */
export function formatDuration(durationMs) {
  const seconds = durationMs / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}
