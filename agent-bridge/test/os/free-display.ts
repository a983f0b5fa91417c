// A display number nobody uses, so that these tests run beside a demo or another test run.
import { existsSync } from 'node:fs';

const FIRST = 70;
const LAST = 120;

/** X servers leave a lock file and a socket under /tmp for each number in use. */
export function freeDisplay(): number {
  for (let number = FIRST; number <= LAST; number++) {
    const traces = [`/tmp/.X${number}-lock`, `/tmp/.X11-unix/X${number}`];
    if (!traces.some((path) => existsSync(path))) return number;
  }
  throw new Error(`every display from :${FIRST} to :${LAST} is in use`);
}
