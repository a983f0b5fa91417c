import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { GcError } from '../errors.ts';
import { answer, ask, type Socket } from './conversation.ts';

const TALK = {
  'sum.make': {
    request: z.object({ a: z.number(), b: z.number() }),
    reply: z.object({ sum: z.number() }),
  },
} as const;

/** Two ends of a socket that does what socket.io does with acknowledgements. */
function pair(): {
  asking: Socket;
  answering: Socket;
  inject: (name: string, ...args: unknown[]) => void;
} {
  const wire = new EventEmitter();
  const answering: Socket = {
    onAny: (listener) => wire.on('say', listener),
    offAny: (listener) => wire.off('say', listener),
    timeout: () => ({ emitWithAck: () => Promise.reject(new Error('unused')) }),
  };
  const asking: Socket = {
    ...answering,
    timeout: (ms) => ({
      emitWithAck: (event, ...args) =>
        new Promise((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error('operation has timed out')), ms);
          wire.emit('say', event, ...args, (value: unknown) => {
            clearTimeout(timer);
            resolve(JSON.parse(JSON.stringify(value)));
          });
        }),
    }),
  };
  return { asking, answering, inject: (name, ...args) => wire.emit('say', name, ...args) };
}

describe('a conversation', () => {
  it('carries a request to its handler and the reply back', async () => {
    const { asking, answering } = pair();
    answer(answering, TALK, { 'sum.make': ({ a, b }) => ({ sum: a + b }) });
    await expect(ask(asking, TALK, 'sum.make', { a: 1, b: 2 })).resolves.toEqual({ sum: 3 });
  });

  it('answers a message that does not fit with invalid_request', async () => {
    const { asking, answering } = pair();
    answer(answering, TALK, { 'sum.make': () => ({ sum: 0 }) });
    await expect(ask(asking, TALK, 'sum.make', { a: '1' } as never)).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it.each(['nope', '__proto__', 'constructor', 'toString'])(
    'answers the unknown name %s with unknown_message',
    async (name) => {
      const { asking, answering } = pair();
      answer(answering, TALK, { 'sum.make': () => ({ sum: 0 }) });
      await expect(ask(asking, TALK, name as 'sum.make', { a: 1, b: 1 })).rejects.toMatchObject({
        code: 'unknown_message',
      });
    },
  );

  it("hands a handler's coded refusal to the asker, and hides what a bug says", async () => {
    const { asking, answering } = pair();
    const thrown: Error[] = [
      new GcError('grant_missing', 'view only'),
      new Error('stack and secrets'),
    ];
    answer(answering, TALK, {
      'sum.make': () => {
        throw thrown.shift() ?? new Error('empty');
      },
    });
    await expect(ask(asking, TALK, 'sum.make', { a: 1, b: 1 })).rejects.toMatchObject({
      code: 'grant_missing',
      message: 'view only',
    });
    const hidden = await ask(asking, TALK, 'sum.make', { a: 1, b: 1 }).catch(
      (error: unknown) => error as GcError,
    );
    expect(hidden).toMatchObject({ code: 'internal' });
    expect(String((hidden as GcError).message)).not.toContain('secrets');
  });

  it('gives up with timeout when nobody answers', async () => {
    const { asking } = pair();
    await expect(ask(asking, TALK, 'sum.make', { a: 1, b: 1 }, 5)).rejects.toMatchObject({
      code: 'timeout',
    });
  });

  it('refuses a reply that is not what was promised', async () => {
    const { asking, answering } = pair();
    answer(answering, TALK, { 'sum.make': () => ({ sum: 'three' }) as never });
    await expect(ask(asking, TALK, 'sum.make', { a: 1, b: 1 })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('is never brought down by what arrives', async () => {
    const { answering, inject } = pair();
    const refused: string[] = [];
    answer(
      answering,
      TALK,
      { 'sum.make': () => ({ sum: 0 }) },
      { onRefused: (name) => refused.push(name) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.string(),
        fc.array(fc.anything(), { maxLength: 3 }),
        async (name, args) => {
          inject(name, ...args);
          await Promise.resolve();
        },
      ),
    );
    expect(refused.length).toBeGreaterThan(0);
  });
});
