import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    // A strict Content-Security-Policy has no place for data: URLs.
    assetsInlineLimit: 0,
    // livekit-client alone is about 500 kB before compression.
    chunkSizeWarningLimit: 1000,
  },
  server: {
    // `npm run dev` beside `casp dev --port 8080`.
    proxy: {
      '/room': 'http://127.0.0.1:8080',
      '/auth': 'http://127.0.0.1:8080',
      '/v1': 'http://127.0.0.1:8080',
      '/rtc': { target: 'ws://127.0.0.1:8080', ws: true },
    },
  },
});
