// The page is served below /viewer/ by signaling under a policy that allows scripts and styles from
// its own origin only, so nothing may be inlined: no preload polyfill, no data: assets.
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/viewer/',
  build: {
    target: 'es2024',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
});
