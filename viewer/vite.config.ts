// The page is served below /viewer/ by signaling under a policy that allows scripts and styles from
// its own origin only, so nothing may be inlined: no preload polyfill, no data: assets.
import { defineConfig, type Plugin } from 'vite';

// A build started by a test runner inherits its NODE_ENV, and libraries then bundle their
// development versions: slower, and lit says so in every console.
process.env['NODE_ENV'] = 'production';

/** main.ts imports the rest of the page when it needs it; the browser should fetch it at once. */
const preloadThePage: Plugin = {
  name: 'preload-the-page',
  transformIndexHtml: {
    order: 'post',
    handler: (_html, { bundle }) =>
      Object.values(bundle ?? {})
        .filter((file) => file.type === 'chunk' && file.isDynamicEntry)
        .map(({ fileName }) => ({
          tag: 'link',
          attrs: { rel: 'modulepreload', crossorigin: true, href: `/viewer/${fileName}` },
          injectTo: 'head',
        })),
  },
};

export default defineConfig({
  base: '/viewer/',
  plugins: [preloadThePage],
  build: {
    target: 'es2024',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
});
