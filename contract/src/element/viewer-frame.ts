// The iframe a viewer lives in: where it leads, what it may do, and what it is not told.
import { EmbedError } from './embed-error.ts';

/** As the contract gives it out with a session or for a further viewer. */
export type Invitation = { readonly url: string; readonly code: string };

// Delegated to the viewer's own origin only. `local-network*`: Chromium lets a page from the public
// internet reach private addresses only when every frame above allows it, and GuruConnect is often
// self-hosted on the inside. Nothing else is needed; camera, microphone and the like stay shut.
const ALLOWED = [
  ...['autoplay', 'fullscreen', 'clipboard-read', 'clipboard-write'],
  ...['local-network-access', 'local-network'],
].join('; ');

/**
 * A frame that is not in the document yet, and the one origin that may speak for it.
 * @throws EmbedError `invalid_request` for what is not an invitation.
 */
export function createViewerFrame(
  document: Document,
  invitation: Invitation,
): { readonly frame: HTMLIFrameElement; readonly origin: string } {
  const { url: address, code } = (invitation ?? {}) as Partial<Invitation>;
  const url = typeof address === 'string' ? URL.parse(address) : null;
  if (!url || !/^https?:$/.test(url.protocol) || typeof code !== 'string')
    throw new EmbedError('invalid_request', 'an invitation has an http(s) url and a code');
  const frame = document.createElement('iframe');
  frame.title = 'Remote session';
  frame.allow = ALLOWED;
  frame.referrerPolicy = 'no-referrer';
  // No `sandbox`: the viewer is another origin already, and a sandbox takes its own origin from it.
  url.hash = `code=${encodeURIComponent(code)}`;
  frame.src = url.href;
  return { frame, origin: url.origin };
}
