// Event listeners and the death of the server. A display can go away in the middle of a listener;
// its next X call then throws, and what throws out of a listener ends the process. The connection's
// owner is told of the loss by itself (XConnectionOptions.onLost), so the listener just stops there.
import { XError } from './x-error.ts';

/** The listener, ending quietly where the display went away. Other errors pass. */
export function whileOpen<A extends unknown[]>(
  listener: (...args: A) => void,
): (...args: A) => void {
  return (...args) => {
    try {
      listener(...args);
    } catch (error) {
      if (!(error instanceof XError)) throw error;
    }
  };
}
