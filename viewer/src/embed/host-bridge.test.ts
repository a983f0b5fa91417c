import { afterEach, describe, expect, it } from 'vitest';
import { EmbedEvent, EmbedReady } from '@guruconnect/contract/embed/embed-messages';
import { GcError } from '@guruconnect/contract/errors';
import { newId } from '@guruconnect/contract/ids';
import type { JournalEvent } from '@guruconnect/contract/journal';
import type { ViewerEvents, ViewerSnapshot } from '../viewer-snapshot.ts';
import { failedSnapshot } from '../viewer-snapshot.ts';
import { Greeting, type GreetingWindow } from './greeting.ts';
import { HostBridge, type BridgedViewer } from './host-bridge.ts';

const HOST = 'https://rmm.example';
const sessionId = newId('ses');
const monitor = {
  monitor_id: 1,
  name: 'DP-1',
  x: 0,
  y: 0,
  width: 1280,
  height: 720,
  scale: 1,
  primary: true,
};
const LIVE: ViewerSnapshot = {
  ...failedSnapshot(new GcError('internal')),
  error: undefined,
  state: 'live',
  embedOrigins: [HOST],
  topology: { topology_epoch: 1, monitors: [monitor] },
  selectedMonitorId: 1,
  input: { enabled: true },
};
const event = (seq: number): JournalEvent => ({
  seq,
  session_id: sessionId,
  type: 'session.live',
  at: new Date().toISOString(),
  data: {},
});

class FakeViewer implements BridgedViewer {
  snapshot = LIVE;
  readonly done: string[] = [];
  readonly #listeners = new Map<string, ((fact: never) => void)[]>();
  on<N extends keyof ViewerEvents>(name: N, listener: (fact: ViewerEvents[N]) => void): () => void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
    return () => this.#listeners.delete(name);
  }
  emit<N extends keyof ViewerEvents>(name: N, fact: ViewerEvents[N]): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(fact as never);
  }
  become(change: Partial<ViewerSnapshot>): void {
    this.snapshot = { ...this.snapshot, ...change };
    this.emit('changed', this.snapshot);
  }
  selectMonitor(monitorId: number): void {
    if (monitorId !== 1) throw new GcError('invalid_request', 'no such monitor');
    this.done.push(`select ${monitorId}`);
  }
  set layout(layout: 'single' | 'grid') {
    this.done.push(`layout ${layout}`);
  }
  sendKeys(codes: readonly string[]): void {
    this.done.push(`keys ${codes.join('+')}`);
  }
  requestControl(): void {
    if (!this.snapshot.input.enabled) throw new GcError('grant_missing');
    this.done.push('control');
  }
  focus(): void {
    this.done.push('focus');
  }
  end(): Promise<void> {
    this.done.push('end');
    return Promise.resolve();
  }
}

class FakeWindow implements GreetingWindow {
  readonly said: [message: unknown, targetOrigin: string][] = [];
  readonly parent = {
    postMessage: (message: unknown, targetOrigin: string) => {
      this.said.push([message, targetOrigin]);
    },
  };
  readonly #listeners = new Set<(event: MessageEvent) => void>();
  addEventListener(_type: 'message', listener: (event: MessageEvent) => void): void {
    this.#listeners.add(listener);
  }
  removeEventListener(_type: 'message', listener: (event: MessageEvent) => void): void {
    this.#listeners.delete(listener);
  }
  get listeners(): number {
    return this.#listeners.size;
  }
  deliver(
    data: unknown,
    from: { origin?: string; source?: unknown; ports?: MessagePort[] } = {},
  ): void {
    const message = {
      data,
      origin: from.origin ?? HOST,
      source: 'source' in from ? from.source : this.parent,
      ports: from.ports ?? [],
    };
    for (const listener of this.#listeners) listener(message as unknown as MessageEvent);
  }
}

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

function setUp() {
  const window = new FakeWindow();
  const viewer = new FakeViewer();
  const bridge = new HostBridge(new Greeting(window), viewer, sessionId);
  open.push(bridge);
  return { window, viewer, bridge };
}

/** A host page's end of the port. */
function hostPort() {
  const { port1, port2 } = new MessageChannel();
  const heard: EmbedEvent[] = [];
  port1.onmessage = ({ data }) => heard.push(EmbedEvent.parse(data));
  open.push(port1);
  const hears = async (gc: EmbedEvent['gc'], count = 1): Promise<EmbedEvent[]> => {
    const deadline = Date.now() + 2_000;
    for (;;) {
      const found = heard.filter((each) => each.gc === gc);
      if (found.length >= count) return found;
      if (Date.now() > deadline)
        throw new Error(`never heard ${count} of ${gc}: ${JSON.stringify(heard)}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { port1, port2, heard, hears };
}
const CONNECT = { gc: 'connect', version: 1 };

describe('the conversation with the host page', () => {
  it('begins with a word that says nothing but that the viewer is there', () => {
    const { window } = setUp();
    expect(window.said).toEqual([[{ gc: 'ready', versions: [1] }, '*']]);
    EmbedReady.parse(window.said[0]?.[0]);
  });

  it('is begun before there is a viewer, and goes on where it was', async () => {
    const window = new FakeWindow();
    const greeting = new Greeting(window);
    const { port2, hears } = hostPort();
    window.deliver(CONNECT, { source: {}, ports: [hostPort().port2] });
    window.deliver(CONNECT, { ports: [port2] });
    const bridge = new HostBridge(greeting, new FakeViewer(), sessionId);
    open.push(bridge);
    expect(await hears('connected')).toMatchObject([{ session_id: sessionId }]);
  });

  it('ends at once when there will be no viewer', async () => {
    const window = new FakeWindow();
    const greeting = new Greeting(window);
    const { port2, hears } = hostPort();
    window.deliver(CONNECT, { ports: [port2] });
    greeting.refuse();
    expect(await hears('refused')).toEqual([{ gc: 'refused' }]);
    greeting.close();
  });

  it('is taken up with the parent, from an origin of the session', async () => {
    const { window, bridge } = setUp();
    const { port2, hears } = hostPort();
    window.deliver(CONNECT, { ports: [port2] });
    expect(bridge.connected).toBe(true);
    expect(await hears('connected')).toMatchObject([{ session_id: sessionId, state: 'live' }]);
    expect(await hears('topology')).toMatchObject([{ selected_monitor_id: 1 }]);
    expect(await hears('input')).toMatchObject([{ enabled: true }]);
  });

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['a subdomain', { origin: 'https://rmm.example.evil.example' }],
    ['another scheme', { origin: 'http://rmm.example' }],
    ['another port', { origin: 'https://rmm.example:8443' }],
    ['an opaque origin', { origin: 'null' }],
    ['another window of the right origin', { source: {} }],
    ['no window at all', { source: null }],
  ])('is not taken up with %s', (_name, from) => {
    const { window, bridge } = setUp();
    const { port2, heard } = hostPort();
    window.deliver(CONNECT, { ...from, ports: [port2] });
    expect(bridge.connected).toBe(false);
    expect(window.said).toHaveLength(1);
    // Of the session it hears nothing.
    expect(heard.filter(({ gc }) => gc !== 'refused')).toEqual([]);
  });

  it.each([
    ['another version', { gc: 'connect', version: 2 }],
    ['something else', { hello: 'world' }],
    ['nothing', null],
    ['a string', 'connect'],
  ])('is not taken up over %s', (_name, data) => {
    const { window, bridge } = setUp();
    window.deliver(data, { ports: [hostPort().port2] });
    expect(bridge.connected).toBe(false);
  });

  it('is not taken up without exactly one port', () => {
    const { window, bridge } = setUp();
    window.deliver(CONNECT);
    window.deliver(CONNECT, { ports: [hostPort().port2, hostPort().port2] });
    expect(bridge.connected).toBe(false);
  });

  it('waits for the exchange, which tells the allowed origins', async () => {
    const { window, viewer, bridge } = setUp();
    viewer.snapshot = { ...LIVE, state: 'exchanging', embedOrigins: [] };
    const { port2, hears } = hostPort();
    window.deliver(CONNECT, { ports: [port2] });
    expect(bridge.connected).toBe(false);
    viewer.become({ state: 'joining', embedOrigins: [HOST] });
    expect(await hears('connected')).toMatchObject([{ state: 'joining' }]);
  });

  it('comes about after the end as well: the journal and the reason are told', async () => {
    const { window, viewer } = setUp();
    viewer.snapshot = { ...LIVE, state: 'exchanging', embedOrigins: [] };
    const { port2, hears } = hostPort();
    window.deliver(CONNECT, { ports: [port2] });
    for (const seq of [1, 2, 3]) viewer.emit('event', event(seq));
    viewer.become({ state: 'ended', endReason: 'consent_denied', embedOrigins: [HOST] });
    expect(await hears('connected')).toMatchObject([{ state: 'ended' }]);
    expect(await hears('state')).toMatchObject([{ end_reason: 'consent_denied' }]);
    expect(await hears('event', 3)).toMatchObject([1, 2, 3].map((seq) => ({ event: { seq } })));
  });

  it('ends when the viewer is closed', () => {
    const { window, bridge } = setUp();
    bridge.close();
    bridge.close();
    expect(window.listeners).toBe(0);
  });
});

describe('a connected host page', () => {
  async function connected() {
    const all = setUp();
    const host = hostPort();
    all.viewer.emit('event', event(1));
    all.window.deliver(CONNECT, { ports: [host.port2] });
    await host.hears('connected');
    return { ...all, ...host };
  }

  it('hears the journal from its first event, each once, in order', async () => {
    const { viewer, hears } = await connected();
    viewer.emit('event', event(2));
    const heard = await hears('event', 2);
    expect(heard.map((each) => each.gc === 'event' && each.event.seq)).toEqual([1, 2]);
  });

  it('hears of states, with the reason of the end', async () => {
    const { viewer, hears } = await connected();
    viewer.become({ state: 'reconnecting' });
    viewer.become({ state: 'ended', endReason: 'technician_ended' });
    viewer.become({});
    const states = await hears('state', 3);
    expect(states).toMatchObject([
      { state: 'live' },
      { state: 'reconnecting' },
      { state: 'ended', end_reason: 'technician_ended' },
    ]);
  });

  it('hears why input is off', async () => {
    const { viewer, hears } = await connected();
    viewer.become({ input: { enabled: false, why: 'view_only' } });
    expect((await hears('input', 2))[1]).toMatchObject({
      enabled: false,
      why: expect.any(String) as string,
    });
  });

  it('commands, and hears how it went', async () => {
    const { port1, viewer, hears } = await connected();
    port1.postMessage({ gc: 'select_monitor', monitor_id: 1, id: 1 });
    port1.postMessage({ gc: 'send_keys', codes: ['AltLeft', 'Tab'], id: 2 });
    port1.postMessage({ gc: 'focus', id: 3 });
    port1.postMessage({ gc: 'request_control', id: 4 });
    port1.postMessage({ gc: 'set_layout', layout: 'grid', id: 5 });
    port1.postMessage({ gc: 'end_session', id: 6 });
    expect((await hears('done', 6)).map((done) => done.gc === 'done' && done.id)).toEqual([
      ...[1, 2, 3, 4, 5, 6],
    ]);
    expect(viewer.done).toEqual([
      ...['select 1', 'keys AltLeft+Tab', 'focus', 'control', 'layout grid', 'end'],
    ]);
  });

  it('hears a coded error for a command that failed or could not be read', async () => {
    const { port1, viewer, hears } = await connected();
    port1.postMessage({ gc: 'select_monitor', monitor_id: 9, id: 1 });
    port1.postMessage({ gc: 'select_monitor', monitor_id: 'x', id: 2 });
    port1.postMessage({ gc: 'format_disk', id: 3 });
    port1.postMessage('hello');
    viewer.become({ input: { enabled: false, why: 'view_only' } });
    port1.postMessage({ gc: 'request_control', id: 4 });
    const done = await hears('done', 5);
    expect(done).toMatchObject([
      { id: 1, error: { code: 'invalid_request' } },
      { id: 2, error: { code: 'invalid_request' } },
      { id: 3, error: { code: 'invalid_request' } },
      { id: -1, error: { code: 'invalid_request' } },
      { id: 4, error: { code: 'grant_missing' } },
    ]);
  });

  it('that mounts anew gets the conversation, and the old port falls silent', async () => {
    const { window, viewer, heard } = await connected();
    const again = hostPort();
    window.deliver(CONNECT, { ports: [again.port2] });
    await again.hears('connected');
    const before = heard.length;
    viewer.become({ state: 'reconnecting' });
    await again.hears('state', 2);
    expect(heard.length).toBe(before);
  });
});
