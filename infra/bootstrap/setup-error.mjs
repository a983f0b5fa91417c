// The one error of the set-up that people are meant to read: what went wrong and what to do about
// it. Anything else that is thrown is a bug of ours and keeps its stack trace.

export class SetupError extends Error {
  /**
   * @param {string} message what went wrong, one sentence
   * @param {{ todo: string, details?: string[], cause?: unknown }} options `todo`: what the reader
   *   can do now; `details`: the last lines of the tool that failed
   */
  constructor(message, { todo, details = [], cause }) {
    super(message, { cause });
    this.name = 'SetupError';
    this.todo = todo;
    this.details = details;
  }
}

/** The text a terminal shows for `error`, without a stack trace. @param {SetupError} error */
export function describeSetupError(error) {
  const details = error.details.map((line) => `  | ${line}`);
  return [`set-up stopped: ${error.message}`, ...details, `what to do: ${error.todo}`].join('\n');
}
