// Which packages each purpose needs, and what each is for. The names are Debian 12's; Debian 13 and
// Ubuntu 24.04 have the same. `command` shows on any other system that the thing is there;
// libraries have none.

/** @typedef {'run' | 'test' | 'bench'} Purpose */
/**
 * @typedef {{ name: string, why: string, command?: string, orCommands?: string[],
 *             orVariable?: string, service?: string }} Package
 *   `orCommands`, `orVariable`: any of these commands, or this environment variable, makes the
 *   package unnecessary; `service`: the system service that installing it would start, which
 *   nobody asked for
 */

/** The agent on an X11 endpoint, and the desktop that the demo brings when there is none. */
const RUN = [
  { name: 'libx11-6', why: 'X11 connection' },
  { name: 'libxext6', why: 'shared-memory capture' },
  { name: 'libxdamage1', why: 'news of what changed on the screen' },
  { name: 'libxfixes3', why: 'cursor shapes and regions' },
  { name: 'libxrandr2', why: 'monitors' },
  { name: 'libxtst6', why: 'input' },
  { name: 'libxi6', why: 'news of what the person at the endpoint types and clicks' },
  { name: 'libxft2', why: 'text of the consent window' },
  { name: 'libfontconfig1', why: 'its fonts' },
  { name: 'libfribidi0', why: 'its right-to-left names' },
  { name: 'fonts-dejavu-core', why: 'a font for that text and for the demo desktop' },
  { name: 'xserver-xorg-core', why: 'display of the demo desktop', command: 'Xorg' },
  { name: 'xserver-xorg-video-dummy', why: 'its monitors, without a graphics card' },
  { name: 'x11-xserver-utils', why: 'xrandr, xsetroot, xrdb', command: 'xrandr' },
  { name: 'x11-utils', why: 'xprop: whether its windows are there', command: 'xprop' },
  { name: 'x11-apps', why: 'xclock and xeyes: something that moves', command: 'xclock' },
  { name: 'openbox', why: 'window manager', command: 'openbox' },
  { name: 'xterm', why: 'a shell to type into', command: 'xterm' },
  { name: 'less', why: 'text to read and scroll', command: 'less' },
];

/** What the tests start: a browser, the servers, and tools that look at X from outside. */
const TEST = [
  {
    name: 'chromium',
    why: 'the browser of the end-to-end tests',
    command: 'chromium',
    // Ubuntu has no chromium package, only a snap under another name.
    orCommands: ['chromium-browser', 'google-chrome', 'google-chrome-stable'],
    orVariable: 'GC_CHROMIUM',
  },
  { name: 'xdotool', why: 'input beside our own', command: 'xdotool' },
  { name: 'xvfb', why: 'a display whose keyboard and mouse stand for hardware', command: 'Xvfb' },
  {
    name: 'redis-server',
    why: 'the shared store',
    command: 'redis-server',
    service: 'redis-server',
  },
  { name: 'coturn', why: 'the fallback path of media', command: 'turnserver', service: 'coturn' },
];

/** @type {Record<Purpose, Package[]>} */
const PACKAGES = { run: RUN, test: TEST, bench: TEST };

/** Only when the media worker has to be built. @type {Package[]} */
export const BUILD_PACKAGES = [
  { name: 'g++', why: 'compiler', command: 'g++' },
  { name: 'pkg-config', why: 'finds the libraries', command: 'pkg-config' },
  { name: 'meson', why: 'build description', command: 'meson' },
  { name: 'ninja-build', why: 'runs the build', command: 'ninja' },
  { name: 'libuv1-dev', why: 'event loop' },
  { name: 'libssl-dev', why: 'DTLS' },
  { name: 'libsrtp2-dev', why: 'SRTP' },
  { name: 'libabsl-dev', why: 'containers and strings of its WebRTC code' },
  { name: 'libflatbuffers-dev', why: 'channel to Node' },
  { name: 'flatbuffers-compiler', why: 'flatc', command: 'flatc' },
];

/** @param {Iterable<Purpose>} want @returns {Package[]} each package once, `run` always included */
export function packagesFor(want) {
  return [
    ...new Set(['run', ...want].flatMap((purpose) => PACKAGES[/** @type {Purpose} */ (purpose)])),
  ];
}
