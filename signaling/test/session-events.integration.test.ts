// sessions.events as a long poll and as a stream, against the real server: what is told, when, how
// it ends, and that waiting costs the store nothing.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '@guruconnect/contract/client/client';
import { API_BASE } from '@guruconnect/contract/http/v1/routes';
import type { JournalEvent } from '@guruconnect/contract/journal';
import { Harness } from './harness.ts';
import { until } from './until.ts';

let gc: Harness;
beforeAll(async () => {
  gc = await Harness.start();
});
afterAll(async () => {
  expect(gc.badAnswers).toEqual([]);
  await gc.close();
});

type Heard = { id: string; event: JournalEvent };

/** An event stream as EventSource reads it. */
class Stream {
  readonly heard: Heard[] = [];
  readonly response: IncomingMessage;
  comments = 0;
  ended = false;

  private constructor(response: IncomingMessage) {
    this.response = response;
    let rest = '';
    response.setEncoding('utf8').on('data', (text: string) => {
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        if (block.startsWith(':')) this.comments += 1;
        const [, id, data] = /^id: (\d+)\ndata: (.*)$/.exec(block) ?? [];
        if (id !== undefined && data !== undefined)
          this.heard.push({ id, event: JSON.parse(data) as JournalEvent });
      }
    });
    response.once('end', () => {
      this.ended = true;
    });
    response.on('error', () => {
      // cut by the test itself
    });
  }

  static open(id: string, headers: Record<string, string> = {}, query = ''): Promise<Stream> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(`${gc.url}${API_BASE}/sessions/${id}/events${query}`, {
        headers: {
          authorization: `Bearer ${gc.key}`,
          accept: 'text/event-stream',
          ...headers,
        },
      });
      request.once('response', (response) => {
        resolve(new Stream(response));
      });
      request.once('error', reject);
      request.end();
    });
  }

  get seqs(): number[] {
    return this.heard.map(({ event }) => event.seq);
  }
}

const poll = (id: string, after: number, wait_s: number) =>
  gc.api<{ events: JournalEvent[]; last_seq: number }>(
    'GET',
    `/sessions/${id}/events?after=${after}&wait_s=${wait_s}`,
  );

describe('a long poll', () => {
  it('answers at once with what is there', async () => {
    const { id } = await gc.createSession();
    const startedMs = performance.now();
    const { body } = await poll(id, 0, 30);
    expect(body.events.map(({ type }) => type)).toEqual(['session.created', 'session.placed']);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    await gc.api('POST', `/sessions/${id}/end`, {});
  });

  it('answers with the next event when it happens, which can be read by then', async () => {
    const { id, last_seq } = await gc.createSession();
    const asked = poll(id, last_seq, 30);
    let answered = false;
    void asked.then(() => {
      answered = true;
    });
    // Another request goes all the way while this one waits.
    await gc.session(id);
    expect(answered).toBe(false);
    await gc.api('POST', `/sessions/${id}/end`, {});
    const { body } = await asked;
    expect(body.events.map(({ type }) => type)).toEqual(['session.ended']);
    expect((await gc.session(id)).state).toBe('ended');
  });

  it('answers empty when its time is over', async () => {
    const { id, last_seq } = await gc.createSession();
    const startedMs = performance.now();
    expect((await poll(id, last_seq, 1)).body).toEqual({ events: [], last_seq });
    expect(performance.now() - startedMs).toBeGreaterThan(900);
    await gc.api('POST', `/sessions/${id}/end`, {});
  });

  it('does not wait for what can not come', async () => {
    const { id } = await gc.createSession();
    await gc.api('POST', `/sessions/${id}/end`, {});
    const { last_seq } = await gc.session(id);
    const startedMs = performance.now();
    expect((await poll(id, last_seq, 30)).body.events).toEqual([]);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  it.each(['31', '-1', 'x', '1.5'])('can not wait for wait_s=%s', async (wait) => {
    const { id } = await gc.createSession();
    const answer = await gc.api('GET', `/sessions/${id}/events?wait_s=${wait}`);
    expect(answer.body).toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/query/wait_s' }],
    });
    await gc.api('POST', `/sessions/${id}/end`, {});
  });

  it('is what the client follows a session with', async () => {
    const { id } = await gc.createSession();
    const client = createClient({ baseUrl: gc.url, key: gc.key });
    const types: string[] = [];
    const startedMs = performance.now();
    const end = () => client.sessions.end({ session_id: id });
    for await (const { type } of client.follow({ session_id: id })) {
      types.push(type);
      if (type === 'session.placed') void end();
    }
    expect(types).toEqual(['session.created', 'session.placed', 'session.ended']);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});

describe('an event stream', () => {
  it('tells everything from the start, then as it happens, and ends with the session', async () => {
    const { id } = await gc.createSession();
    const stream = await Stream.open(id);
    expect(stream.response.statusCode).toBe(200);
    expect(stream.response.headers).toMatchObject({
      'content-type': expect.stringMatching(/^text\/event-stream/) as string,
      'cache-control': 'no-store',
    });
    await until('the first two events', () => stream.heard.length === 2);
    expect(stream.ended).toBe(false);
    await gc.api('POST', `/sessions/${id}/end`, {});
    await until('the stream to end', () => stream.ended);
    expect(stream.heard.map(({ event }) => event)).toEqual(await gc.events(id));
    expect(stream.heard.every((heard) => heard.id === String(heard.event.seq))).toBe(true);
  });

  it('goes on after Last-Event-ID, which counts more than the address', async () => {
    const { id } = await gc.createSession();
    await gc.api('POST', `/sessions/${id}/end`, {});
    const from = await Stream.open(id, {}, '?after=1');
    await until('the end', () => from.ended);
    expect(from.seqs).toEqual([2, 3]);
    const again = await Stream.open(id, { 'last-event-id': '2' }, '?after=0');
    await until('the end', () => again.ended);
    expect(again.seqs).toEqual([3]);
    const over = await Stream.open(id, { 'last-event-id': '3' });
    expect(over.response.statusCode).toBe(204);
  });

  it('is refused like any other request', async () => {
    const { id } = await gc.createSession();
    const odd = await Stream.open(id, { 'last-event-id': 'x' });
    expect(odd.response.statusCode).toBe(400);
    const stranger = await Stream.open(id, { authorization: 'Bearer nobody' });
    expect(stranger.response.statusCode).toBe(401);
    const nothing = await Stream.open('ses_00000000000000000000000000');
    expect(nothing.response.statusCode).toBe(404);
    for (const { response } of [odd, stranger, nothing])
      expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    await gc.api('POST', `/sessions/${id}/end`, {});
  });

  it('answers HEAD without a body', async () => {
    const { id } = await gc.createSession();
    const response = await fetch(`${gc.url}${API_BASE}/sessions/${id}/events`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${gc.key}`, accept: 'text/event-stream' },
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
    await gc.api('POST', `/sessions/${id}/end`, {});
  });

  it('is let go when the server stops, and so is a long poll', async () => {
    const own = await Harness.start();
    const { id, last_seq } = await own.createSession();
    const asked = own.api<{ events: unknown[] }>(
      'GET',
      `/sessions/${id}/events?after=${last_seq}&wait_s=30`,
    );
    const stream = await fetch(`${own.url}${API_BASE}/sessions/${id}/events`, {
      headers: { authorization: `Bearer ${own.key}`, accept: 'text/event-stream' },
    });
    const startedMs = performance.now();
    await own.stopSignaling();
    expect((await asked).body.events).toEqual([]);
    expect(await stream.text()).toContain('id: 2');
    expect(performance.now() - startedMs).toBeLessThan(900);
    await own.close();
  });
});
