// Bundles the embed SDK: dist/guru-session.js, one ES module without dependencies. The rest of
// contract needs no build.
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    target: 'es2022',
    lib: { entry: 'src/element/index.ts', formats: ['es'], fileName: () => 'guru-session.js' },
    minify: 'oxc',
    sourcemap: false,
  },
});
