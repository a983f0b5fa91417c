import { afterEach, describe, expect, it } from 'vitest';
import type { EncodedFrame } from '../src/media/frame.ts';
import { InputMark } from '../src/media/input-mark.ts';
import { MonitorStream, type MonitorStreamState } from '../src/media/monitor-stream.ts';
import { everyRendition } from './targets.ts';
import { until } from './deadline.ts';
import { XDisplay } from './x-display.ts';

const NUMBER = 68;

describe('the X server dies under a watched monitor', () => {
  let server: XDisplay | undefined;
  let stream: MonitorStream | undefined;
  afterEach(async () => {
    await stream?.close();
    await server?.stop();
  });

  it('the agent lives on, says so, and shows the screen again when there is one', async () => {
    server = await XDisplay.start(NUMBER);
    const frames: EncodedFrame[] = [];
    const states: MonitorStreamState[] = [];
    stream = new MonitorStream({
      source: {
        kind: 'x11',
        displayName: server.name,
        area: { x: 0, y: 0, widthPx: 1280, heightPx: 720 },
      },
      warm: 'standard',
      encoders: ['x264'],
      targets: everyRendition({ maxBitrateBps: 8_000_000, maxFps: 60 }),
      inputMark: new InputMark(),
      onFrame: (frame) => frames.push(frame),
      onState: (state) => states.push(state),
    });
    stream.setWatched('standard', true);
    await until('a frame', () => frames.length > 0);

    server.kill();
    await until('word of the loss', () =>
      states.some((state) => state.name === 'failed' && state.code === 'display_lost'),
    );
    await until('a vain try', () =>
      states.some((state) => state.name === 'failed' && state.code === 'display_unreachable'),
    );
    await server.stop();

    server = await XDisplay.start(NUMBER);
    const from = frames.length;
    const back = await until('a frame', () => frames[from], 15_000);
    expect(back.keyframe).toBe(true);
    expect(states.at(-1)).toEqual({ name: 'running' });
  });
});
