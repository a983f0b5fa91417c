// One way for two processes to talk over a socket: named commands, each with a request schema, a
// reply schema and an acknowledgement that is either a value or a coded error. Both ends of every
// socket (agent, viewer, media node) use these two functions, so "a malformed message leaves the
// process up and gets a coded error" is true in one place.
import { z } from 'zod';
import { GcError, WireError, invalid, parseOr } from '../errors.ts';

export type Conversation = Record<
  string,
  { readonly request: z.ZodType; readonly reply: z.ZodType }
>;
export type Name<C extends Conversation> = keyof C & string;
export type RequestOf<C extends Conversation, N extends Name<C>> = z.output<C[N]['request']>;
export type RequestInput<C extends Conversation, N extends Name<C>> = z.input<C[N]['request']>;
export type ReplyOf<C extends Conversation, N extends Name<C>> = z.output<C[N]['reply']>;
export type ReplyInput<C extends Conversation, N extends Name<C>> = z.input<C[N]['reply']>;

/** The part of a socket.io socket (server or client) that is used here. */
export type Socket = {
  onAny(listener: (event: string, ...args: unknown[]) => void): unknown;
  offAny(listener: (event: string, ...args: unknown[]) => void): unknown;
  timeout(ms: number): { emitWithAck(event: string, ...args: unknown[]): Promise<unknown> };
};

const Ack = z.union([
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: WireError }),
]);

/** What the other end may take to answer, milliseconds, where the caller does not say. */
export const DEFAULT_ASK_TIMEOUT_MS = 10_000;

/**
 * Asks the other end for one thing and waits for its answer.
 * @throws GcError with the other end's code; `timeout` when none came, or the socket closed.
 */
export async function ask<C extends Conversation, N extends Name<C>>(
  socket: Socket,
  conversation: C,
  name: N,
  request: RequestInput<C, N>,
  timeoutMs: number = DEFAULT_ASK_TIMEOUT_MS,
): Promise<ReplyOf<C, N>> {
  let answer: unknown;
  try {
    answer = await socket.timeout(timeoutMs).emitWithAck(name, request);
  } catch (cause) {
    throw new GcError('timeout', `no answer to ${name} within ${timeoutMs} ms`, { cause });
  }
  const ack = parseOr(Ack, answer, `The answer to ${name}`);
  if (!ack.ok) throw GcError.fromWire(ack.error);
  const entry = conversation[name];
  if (!entry) throw new Error(`${name} is not part of this conversation`);
  return parseOr(entry.reply, ack.value, `The answer to ${name}`) as ReplyOf<C, N>;
}

export type Handlers<C extends Conversation> = {
  [N in Name<C>]: (request: RequestOf<C, N>) => Promise<ReplyInput<C, N>> | ReplyInput<C, N>;
};

export type AnswerOptions = {
  /** Told of every refusal (for logs and metrics); must not throw. */
  readonly onRefused?: (name: string, error: GcError) => void;
  /** Asked before anything is parsed; throws to refuse (rate limits). */
  readonly admit?: (name: string) => void;
};

/**
 * Answers everything the other end says: parses, calls the handler of that name, acknowledges.
 * Names outside the conversation get `unknown_message`. Nothing a peer sends can throw out of it.
 * @returns a function that stops answering.
 */
export function answer<C extends Conversation>(
  socket: Socket,
  conversation: C,
  handlers: Handlers<C>,
  options: AnswerOptions = {},
): () => void {
  const handle = async (name: string, args: unknown[]): Promise<unknown> => {
    options.admit?.(name);
    const entry = Object.hasOwn(conversation, name) ? conversation[name] : undefined;
    const handler = Object.hasOwn(handlers, name) ? handlers[name as Name<C>] : undefined;
    if (!entry || !handler)
      throw new GcError(
        'unknown_message',
        `no message "${name.slice(0, 64)}" in this conversation`,
      );
    const parsed = entry.request.safeParse(args[0]);
    if (!parsed.success) throw invalid(parsed.error, `The message ${name}`);
    return await handler(parsed.data as RequestOf<C, Name<C>>);
  };
  const listener = (name: string, ...args: unknown[]): void => {
    const last = args.at(-1);
    // A message without an acknowledgement still runs: the sender chose not to hear the outcome.
    const reply = typeof last === 'function' ? (last as (ack: unknown) => void) : undefined;
    void handle(name, reply ? args.slice(0, -1) : args).then(
      (value) => reply?.({ ok: true, value: value ?? {} }),
      (thrown: unknown) => {
        const error = GcError.from(thrown);
        options.onRefused?.(name.slice(0, 64), error);
        reply?.({ ok: false, error: error.toWire() });
      },
    );
  };
  socket.onAny(listener);
  return () => {
    socket.offAny(listener);
  };
}
