// A display number nobody uses, so that these tests run beside a demo or another test run.
import { connect } from 'node:net';

const FIRST = 70;
const LAST = 120;

/** The first number at whose socket nobody answers; servers that were killed leave theirs behind. */
export async function freeDisplay(): Promise<number> {
  for (let number = FIRST; number <= LAST; number++) {
    if (!(await isAnswered(`/tmp/.X11-unix/X${number}`))) return number;
  }
  throw new Error(`every display from :${FIRST} to :${LAST} is in use`);
}

function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}
