// The one place where the operating system is chosen. What it opens is a desktop: everything the
// agent needs of this machine, behind interfaces. Owned by Agent.
import { backoffMs } from '@guruconnect/contract/base/backoff';
import type { Monitor } from '@guruconnect/contract/monitor';
import type { Clock } from './clock.ts';
import type { AgentConfig } from './config.ts';
import { ScriptedEndpoint, type EndpointWatch } from './consent/endpoint-state.ts';
import { X11Endpoint } from './consent/endpoint-state.x11.ts';
import type { LiveIndicator, StopKind } from './consent/live-indicator.ts';
import { RecordingLiveIndicator } from './consent/live-indicator.recording.ts';
import { openX11LiveIndicator } from './consent/live-indicator.x11.ts';
import type { ConsentPrompt } from './consent/prompt.ts';
import { ScriptedConsentPrompt } from './consent/prompt.scripted.ts';
import { openX11ConsentPrompt } from './consent/prompt.x11.ts';
import type { CursorListeners, CursorWatch } from './cursor/cursor.ts';
import { ScriptedCursorWatch } from './cursor/cursor.scripted.ts';
import { openX11CursorWatch } from './cursor/cursor.x11.ts';
import type { Displays } from './displays/displays.ts';
import { ScriptedDisplays } from './displays/displays.scripted.ts';
import { openX11Displays } from './displays/displays.x11.ts';
import type { Injector } from './input/injector.ts';
import { RecordingInjector } from './input/injector.recording.ts';
import { openX11Injector } from './input/injector.x11.ts';
import type { Logger } from './logger.ts';
import type { CaptureSource } from './media/monitor-worker-messages.ts';
import { XConnection } from './x11/x-connection.ts';
import type { XError } from './x11/x-error.ts';

export interface Desktop {
  /** As told to signaling. */
  readonly platform: 'windows' | 'linux';
  readonly displays: Displays;
  readonly injector: Injector;
  readonly prompt: ConsentPrompt;
  readonly endpoint: EndpointWatch;
  watchCursor(listeners: CursorListeners): CursorWatch;
  openIndicator(onStop: (kind: StopKind) => void): LiveIndicator;
  captureSource(monitor: Monitor): CaptureSource;
  /** Idempotent; what it handed out is closed by whoever asked for it. */
  close(): void;
}

export type DesktopConfig = Pick<AgentConfig, 'platform' | 'display' | 'consentInput'>;

/** @param onLost called once when the desktop goes away by itself (the X server ended). */
export type OpenDesktop = (config: DesktopConfig, onLost: (error: Error) => void) => Desktop;

/** This machine has no desktop that this build knows; no other try can help. */
export class UnsupportedPlatform extends Error {
  override readonly name = 'UnsupportedPlatform';
}

/** @throws UnsupportedPlatform; XError when there is no such display at the moment. */
export const openDesktop: OpenDesktop = (config, onLost) => {
  const platform = config.platform ?? (process.platform === 'linux' ? 'x11' : undefined);
  switch (platform) {
    case 'x11':
      return openX11Desktop(config, onLost);
    case 'recording':
      return new RecordingDesktop();
    case undefined:
      throw new UnsupportedPlatform(
        `this build has no desktop for ${process.platform}: it runs on Linux with an X server`,
      );
  }
};

/**
 * A machine may start the agent before its desktop: then it waits for it.
 * @throws UnsupportedPlatform.
 */
export async function openWhenThere(
  open: OpenDesktop,
  config: DesktopConfig,
  onLost: (error: Error) => void,
  { logger, clock }: { readonly logger: Logger; readonly clock: Clock },
): Promise<Desktop> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return open(config, onLost);
    } catch (err) {
      if (err instanceof UnsupportedPlatform) throw err;
      logger[attempt === 0 ? 'warn' : 'debug']({ err }, 'no desktop yet; trying again');
    }
    await new Promise<void>((resolve) => clock.after(backoffMs(attempt), resolve));
  }
}

function openX11Desktop(config: DesktopConfig, onLost: (error: XError) => void): Desktop {
  const displayName = config.display ?? ':0';
  const x = XConnection.open(displayName, { onLost });
  const displays = openX11Displays(x);
  const injector = openX11Injector(x);
  const allowSyntheticInput = config.consentInput === 'any';
  const screen = () => {
    const { monitors } = displays.current();
    return monitors.find(({ primary }) => primary) ?? monitors[0] ?? NO_SCREEN;
  };
  const prompt = openX11ConsentPrompt(x, { screen, allowSyntheticInput });
  return {
    platform: 'linux',
    displays,
    injector,
    prompt,
    endpoint: new X11Endpoint(x),
    watchCursor: (listeners) => openX11CursorWatch(x, listeners),
    openIndicator: (onStop) => openX11LiveIndicator(x, { screen, onStop, allowSyntheticInput }),
    captureSource: ({ x: left, y, width, height }) => ({
      kind: 'x11',
      displayName,
      area: { x: left, y, widthPx: width, heightPx: height },
    }),
    close: () => {
      prompt.close();
      injector.close();
      displays.close();
      x.close();
    },
  };
}

/** While every monitor is switched off: a place for windows that nobody can see. */
const NO_SCREEN = { x: 0, y: 0, width: 640, height: 480, scale: 1 };

const PATTERN_CHANGES_PER_SECOND = 10;

/** A desktop of test patterns that writes down what is done to it: the whole agent without a screen. */
export class RecordingDesktop implements Desktop {
  readonly platform = 'linux';
  readonly displays = new ScriptedDisplays([
    { name: 'PATTERN-1', width: 640, height: 360, primary: true },
    { name: 'PATTERN-2', x: 640, width: 320, height: 240 },
  ]);
  readonly injector = new RecordingInjector();
  readonly prompt = new ScriptedConsentPrompt();
  readonly endpoint = new ScriptedEndpoint();
  /** The newest of each, for tests. */
  cursor: ScriptedCursorWatch | undefined;
  indicator: RecordingLiveIndicator | undefined;

  watchCursor(listeners: CursorListeners): CursorWatch {
    this.cursor = new ScriptedCursorWatch(listeners);
    return this.cursor;
  }

  openIndicator(onStop: (kind: StopKind) => void): LiveIndicator {
    this.indicator = new RecordingLiveIndicator(onStop);
    return this.indicator;
  }

  captureSource({ width, height }: Monitor): CaptureSource {
    return {
      kind: 'test-pattern',
      widthPx: width,
      heightPx: height,
      changesPerSecond: PATTERN_CHANGES_PER_SECOND,
    };
  }

  close(): void {
    this.prompt.close();
    this.injector.close();
    this.displays.close();
  }
}
