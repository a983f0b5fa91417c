// The viewer's side of the conversation with the page that frames it (contract/embed), from its
// "connect" on. Whoever frames us may say that; heard is only our own parent window (greeting.ts),
// and only from an origin that the session allows. After that everything goes over one MessagePort.
import {
  EMBED_VERSION,
  EmbedCommand,
  EmbedConnect,
  type EmbedEvent,
} from '@guruconnect/contract/embed/embed-messages';
import { GcError, parseOr } from '@guruconnect/contract/errors';
import type { JournalEvent } from '@guruconnect/contract/journal';
import type { Viewer, ViewerSnapshot } from '../index.ts';
import { INPUT_OFF } from '../input/input-status.ts';
import { refuseOn, type Greeting } from './greeting.ts';

/** The part of a viewer that a host page can see and do. */
export type BridgedViewer = Pick<
  Viewer,
  'snapshot' | 'on' | 'selectMonitor' | 'layout' | 'requestControl' | 'sendKeys' | 'focus' | 'end'
>;

/** Events kept for a host page that connects late or anew, the latest; few sessions have a hundred. */
const KEPT_EVENTS = 5_000;
/** Answers a command that could not be read, so that its sender hears of it: ids are never negative. */
const UNREADABLE = -1;

export class HostBridge {
  readonly #viewer: BridgedViewer;
  readonly #sessionId: string;
  readonly #stops: (() => void)[] = [];
  readonly #events: JournalEvent[] = [];
  /** A "connect" that came before the exchange told us the allowed origins. */
  #waiting: { origin: string; port: MessagePort } | undefined;
  #port: MessagePort | undefined;
  #told: ViewerSnapshot | undefined;

  constructor(greeting: Greeting, viewer: BridgedViewer, sessionId: string) {
    this.#viewer = viewer;
    this.#sessionId = sessionId;
    this.#stops.push(
      () => greeting.close(),
      viewer.on('changed', (snapshot) => this.#onSnapshot(snapshot)),
      viewer.on('event', (event) => this.#onEvent(event)),
    );
    greeting.handOver((event) => this.#onMessage(event));
  }

  get connected(): boolean {
    return this.#port !== undefined;
  }

  /** Idempotent. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#waiting?.port.close();
    this.#waiting = undefined;
    this.#port?.close();
    this.#port = undefined;
  }

  #onMessage(event: MessageEvent): void {
    const connect = EmbedConnect.safeParse(event.data);
    const port = event.ports[0];
    if (!connect.success || !port || event.ports.length !== 1) return;
    this.#waiting?.port.close();
    this.#waiting = { origin: event.origin, port };
    this.#admit(this.#viewer.snapshot);
  }

  /** The allowed origins are known only after the exchange: until then a connect waits. */
  #admit(snapshot: ViewerSnapshot): void {
    const waiting = this.#waiting;
    if (!waiting || snapshot.state === 'exchanging') return;
    this.#waiting = undefined;
    if (!snapshot.embedOrigins.includes(waiting.origin)) {
      refuseOn(waiting.port);
      console.warn(`origin_not_allowed: ${waiting.origin} may not speak to this viewer`);
      return;
    }
    // The host page may have mounted anew: the newest port is the conversation.
    this.#port?.close();
    this.#port = waiting.port;
    this.#port.onmessage = (event: MessageEvent) => void this.#onCommand(event.data);
    this.#say({
      gc: 'connected',
      version: EMBED_VERSION,
      session_id: this.#sessionId,
      state: snapshot.state,
    });
    this.#told = undefined;
    this.#tell(snapshot);
    for (const event of this.#events) this.#say({ gc: 'event', event });
  }

  async #onCommand(data: unknown): Promise<void> {
    const said = (data as { id?: unknown } | null)?.id;
    let id = Number.isInteger(said) ? (said as number) : undefined;
    try {
      const command = EmbedCommand.safeParse(data);
      if (!command.success) id ??= UNREADABLE;
      await this.#carryOut(parseOr(EmbedCommand, data, 'The command'));
      if (id !== undefined) this.#say({ gc: 'done', id });
    } catch (thrown) {
      if (id !== undefined) this.#say({ gc: 'done', id, error: GcError.from(thrown).toWire() });
    }
  }

  async #carryOut(command: EmbedCommand): Promise<void> {
    switch (command.gc) {
      case 'select_monitor':
        return this.#viewer.selectMonitor(command.monitor_id);
      case 'set_layout':
        this.#viewer.layout = command.layout;
        return;
      case 'request_control':
        return this.#viewer.requestControl();
      case 'send_keys':
        return this.#viewer.sendKeys(command.codes);
      case 'focus':
        return this.#viewer.focus();
      case 'end_session':
        return await this.#viewer.end();
    }
  }

  #onSnapshot(snapshot: ViewerSnapshot): void {
    this.#admit(snapshot);
    this.#tell(snapshot);
  }

  #onEvent(event: JournalEvent): void {
    this.#events.push(event);
    if (this.#events.length > KEPT_EVENTS) this.#events.shift();
    this.#say({ gc: 'event', event });
  }

  /** Only what changed since it was last told. */
  #tell(snapshot: ViewerSnapshot): void {
    if (!this.#port) return;
    const before = this.#told;
    this.#told = snapshot;
    const { state, endReason, error, topology, selectedMonitorId, input } = snapshot;
    if (before?.state !== state)
      this.#say({
        gc: 'state',
        state,
        ...(endReason ? { end_reason: endReason } : {}),
        ...(error ? { error: error.toWire() } : {}),
      });
    if (before?.topology !== topology || before.selectedMonitorId !== selectedMonitorId)
      this.#say({
        gc: 'topology',
        topology,
        ...(selectedMonitorId === undefined ? {} : { selected_monitor_id: selectedMonitorId }),
      });
    const why = input.enabled ? undefined : input.why;
    const whyBefore = !before || before.input.enabled ? undefined : before.input.why;
    if (before?.input.enabled !== input.enabled || why !== whyBefore)
      this.#say({
        gc: 'input',
        enabled: input.enabled,
        ...(why ? { why: INPUT_OFF[why] } : {}),
      });
  }

  #say(event: EmbedEvent): void {
    this.#port?.postMessage(event);
  }
}
