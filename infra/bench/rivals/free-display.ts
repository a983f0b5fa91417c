// A number for an X server of a rival.
import { existsSync } from 'node:fs';

const FIRST = 140;
const LAST = 199;

/** `:140` or the next that no X server has. @throws Error when all are taken. */
export function freeDisplay(): string {
  for (let number = FIRST; number <= LAST; number += 1)
    if (!existsSync(`/tmp/.X11-unix/X${number}`) && !existsSync(`/tmp/.X${number}-lock`))
      return `:${number}`;
  throw new Error('no free X display');
}
