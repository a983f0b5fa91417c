// A display number nobody uses, so that these tests run beside a demo or another test run.
import { readFileSync } from 'node:fs';

const FIRST = 70;
const LAST = 199;

/**
 * By the sockets that are open (proc(5), net/unix): files under /tmp also stay behind from servers
 * that were killed, and a starting server sweeps those away itself.
 */
export function freeDisplay(): number {
  const open = readFileSync('/proc/net/unix', 'utf8');
  for (let number = FIRST; number <= LAST; number++) {
    if (!new RegExp(`/tmp/\\.X11-unix/X${number}$`, 'm').test(open)) return number;
  }
  throw new Error(`every display from :${FIRST} to :${LAST} is in use`);
}
