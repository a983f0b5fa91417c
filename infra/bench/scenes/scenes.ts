// What the measurements look at: a full-screen X client that does what people do at a computer, and
// answers each key press or pointer movement with a change. Drawn by scene-window.ts.

export type Scene = {
  readonly about: string;
  /** What makes it change. `nothing`: it changes by itself, or not at all. */
  readonly act: 'key' | 'pointer' | 'nothing';
};

export const SCENES = {
  flip: { about: 'the whole screen turns from dark to light and back', act: 'key' },
  typing: { about: 'one more letter in a page of 9-point text', act: 'key' },
  scroll: { about: 'a page of text moves up by three lines', act: 'key' },
  drag: { about: 'a window of 400x300 follows the pointer over a page of text', act: 'pointer' },
  page: { about: 'another full page of text', act: 'key' },
  video: { about: 'a key press beside a moving picture of 640x360 at 30 a second', act: 'key' },
  idle: { about: 'a page of text, and nothing happens', act: 'nothing' },
  churn: { about: 'every pixel changes each 16 ms', act: 'nothing' },
} as const satisfies Readonly<Record<string, Scene>>;

export type SceneName = keyof typeof SCENES;
export const isScene = (name: string): name is SceneName => Object.hasOwn(SCENES, name);

/** The scenes whose latency can be measured and whose content resembles work. */
export const CONTENT: readonly SceneName[] = ['typing', 'scroll', 'drag', 'page', 'video'];
