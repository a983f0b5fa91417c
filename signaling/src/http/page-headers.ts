// Security headers. Everything is unframable and may load nothing; only the viewer page says
// otherwise, for itself, per session.
import helmet from 'helmet';
import type { RequestHandler, Response } from 'express';

/** What a page of ours may use of the browser; the embedding page grants it through `allow`. */
const PERMISSIONS = [
  'fullscreen=(self)',
  'autoplay=(self)',
  'clipboard-read=(self)',
  'clipboard-write=(self)',
  'keyboard-map=(self)',
  ...[
    'accelerometer',
    'browsing-topics',
    'camera',
    'display-capture',
    'geolocation',
    'gyroscope',
    'hid',
    'idle-detection',
    'local-fonts',
    'magnetometer',
    'microphone',
    'midi',
    'payment',
    'publickey-credentials-get',
    'serial',
    'usb',
  ].map((feature) => `${feature}=()`),
].join(', ');

/** @param publicUrl over https browsers are told to stay there. */
export function everywhere(publicUrl: string): RequestHandler[] {
  return [
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          'default-src': ["'none'"],
          'object-src': ["'none'"],
          'base-uri': ["'none'"],
          'form-action': ["'none'"],
          'frame-ancestors': ["'none'"],
        },
      },
      xFrameOptions: { action: 'deny' },
      referrerPolicy: { policy: 'no-referrer' },
      strictTransportSecurity: publicUrl.startsWith('https:') ? { maxAge: 31_536_000 } : false,
    }),
    (_request, response, next) => {
      response.set('Permissions-Policy', PERMISSIONS);
      next();
    },
  ];
}

/**
 * The viewer page: our own scripts and sockets, no inline script, framed by exactly these origins.
 * X-Frame-Options is not sent: it knows no list, and where both are there some browsers obey it.
 * @param embedOrigins exact origins (contract: EmbedOrigin), so nothing in them can end a directive.
 */
export function forViewer(
  response: Response,
  publicUrl: string,
  embedOrigins: readonly string[],
): void {
  const socketOrigin = publicUrl.replace(/^http/, 'ws');
  const ancestors = embedOrigins.length > 0 ? embedOrigins.join(' ') : "'none'";
  response.removeHeader('X-Frame-Options');
  // It is meant to be framed by other origins.
  response.removeHeader('Cross-Origin-Resource-Policy');
  // Whoever opens it in a window of its own gets no hold of that window; it keeps those it opens.
  // In a frame this says nothing (HTML, cross-origin opener policies).
  response.set('Cross-Origin-Opener-Policy', 'same-origin-allow-popups');
  response.set(
    'Content-Security-Policy',
    [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data: blob:",
      "media-src 'self' blob:",
      "font-src 'self'",
      "worker-src 'self'",
      `connect-src 'self' ${socketOrigin}`,
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      // No text becomes markup or script but by lit's own templates.
      "require-trusted-types-for 'script'",
      'trusted-types lit-html',
      `frame-ancestors ${ancestors}`,
    ].join('; '),
  );
}
