// Who takes part in a session, what each may do, and the input channels each has open. What signaling
// has not announced does not exist here. Owned by AgentSession.
import { GcError } from '@guruconnect/contract/errors';
import type { Grant } from '@guruconnect/contract/grants';
import type { ViewerId } from '@guruconnect/contract/ids';
import type { InputChannel } from '@guruconnect/contract/signal/channels';
import type { ViewerIntroduction } from '@guruconnect/contract/signal/agent-messages';
import type { ShownTechnician } from '../consent/live-indicator.ts';
import type { InputPipeline } from '../input/input-pipeline.ts';
import type { Logger } from '../logger.ts';
import type { InboundChannel, InboundListeners } from '../rtc/data-channels.ts';

export interface SessionViewersOptions {
  readonly input: InputPipeline;
  /** What was agreed to at this machine: no viewer may do more, whatever is told of it. */
  readonly agreed: () => readonly Grant[];
  readonly logger: Logger;
  /** Somebody new, who has heard nothing yet. */
  readonly onJoined: () => void;
  /** Somebody came, left, or does something else now. */
  readonly onChange: () => void;
}

interface Viewer {
  readonly name: string;
  grants: readonly Grant[];
  readonly channels: Map<InputChannel, InboundChannel>;
}

export class SessionViewers {
  readonly #options: SessionViewersOptions;
  readonly #viewers = new Map<ViewerId, Viewer>();

  constructor(options: SessionViewersOptions) {
    this.#options = options;
  }

  /** As the person at the screen is told of them. */
  get technicians(): readonly ShownTechnician[] {
    return [...this.#viewers.values()].map(({ name, channels }) => ({
      name,
      activity: channels.size > 0 ? 'controlling' : 'viewing',
    }));
  }

  /** Is there a way for input to come in? */
  get anyCanType(): boolean {
    return [...this.#viewers.values()].some(({ channels }) => channels.size > 0);
  }

  /** Repeating it is fine: signaling does, after a reconnect. */
  join({ viewer_id, grants: told, technician }: ViewerIntroduction): void {
    const grants = this.#agreed(told);
    const { input, logger, onChange, onJoined } = this.#options;
    const known = this.#viewers.get(viewer_id);
    if (known) known.grants = grants;
    else {
      this.#viewers.set(viewer_id, { name: technician.name, grants, channels: new Map() });
      logger.info({ viewer_id, grants }, 'viewer joined');
    }
    input.setViewer(viewer_id, grants);
    // Control may have been taken away while signaling could not say so.
    if (!grants.includes('control')) this.#closeChannels(viewer_id);
    if (!known) onJoined();
    onChange();
  }

  leave(viewer_id: ViewerId): void {
    const { input, logger, onChange } = this.#options;
    this.#closeChannels(viewer_id);
    input.removeViewer(viewer_id);
    if (this.#viewers.delete(viewer_id)) logger.info({ viewer_id }, 'viewer left');
    onChange();
  }

  /** @throws GcError `not_found`. */
  changeGrants(viewer_id: ViewerId, told: readonly Grant[]): void {
    const grants = this.#agreed(told);
    const { input, logger, onChange } = this.#options;
    const viewer = this.#viewers.get(viewer_id);
    if (!viewer) throw new GcError('not_found', 'No such viewer in this session');
    viewer.grants = grants;
    logger.info({ viewer_id, grants }, 'grants changed');
    input.setViewer(viewer_id, grants);
    if (!grants.includes('control')) this.#closeChannels(viewer_id);
    onChange();
  }

  /**
   * Listens to one viewer on one channel; a second one of that name replaces the first.
   * @param consume opens the channel and calls the listeners it is given.
   * @throws GcError `grant_missing` for a viewer that nobody announced, or that has no control.
   */
  async openInput(
    viewer_id: ViewerId,
    channel: InputChannel,
    consume: (listeners: InboundListeners) => Promise<InboundChannel>,
  ): Promise<void> {
    const { input, logger, onChange } = this.#options;
    const viewer = this.#controlling(viewer_id);
    viewer.channels.get(channel)?.close();
    let gone = false;
    const { onBytes, onGone } = input.channel(viewer_id, () => {
      logger.warn({ viewer_id, channel }, 'closed: what comes on it is no input');
      viewer.channels.get(channel)?.close();
      viewer.channels.delete(channel);
      onChange();
    });
    const opened = await consume({
      onBytes,
      onGone: () => {
        gone = true;
        onGone();
        viewer.channels.delete(channel);
        onChange();
      },
    });
    // Meanwhile the viewer may have left or lost control, or the channel may have died.
    const known = this.#viewers.get(viewer_id) === viewer;
    if (gone || !known || !viewer.grants.includes('control')) {
      opened.close();
      throw new GcError('grant_missing', 'The channel or the grant went away meanwhile');
    }
    viewer.channels.set(channel, opened);
    logger.info({ viewer_id, channel }, 'input opened');
    onChange();
  }

  /** Their transports are gone; they themselves stay, for the next placement. */
  closeAllChannels(): void {
    for (const viewerId of this.#viewers.keys()) this.#closeChannels(viewerId);
  }

  #agreed(grants: readonly Grant[]): readonly Grant[] {
    const agreed = this.#options.agreed();
    return grants.filter((grant) => agreed.includes(grant));
  }

  #controlling(viewerId: ViewerId): Viewer {
    const viewer = this.#viewers.get(viewerId);
    if (!viewer?.grants.includes('control'))
      throw new GcError('grant_missing', 'Only an announced viewer with control may send input');
    return viewer;
  }

  /** What is held goes up before the channel it came on closes. */
  #closeChannels(viewerId: ViewerId): void {
    this.#options.input.release(viewerId);
    const channels = this.#viewers.get(viewerId)?.channels;
    for (const channel of channels?.values() ?? []) channel.close();
    channels?.clear();
  }
}
