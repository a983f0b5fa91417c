// The page: address -> viewer -> shell, and a bridge to the page that frames it, if one does.
import './no-jit.ts';
import { GcError } from '@guruconnect/contract/errors';
import { readBoot } from './boot.ts';
import { HostBridge } from './embed/host-bridge.ts';
import { createViewer } from './index.ts';
import { Shell } from './ui/shell.ts';
import { failedSnapshot } from './viewer-snapshot.ts';

const { pathname, search, hash, origin } = window.location;
// Before anything else: the code must not stay in the address, the history or a bookmark.
window.history.replaceState(null, '', pathname + search);

const shell = document.querySelector('gc-shell');
if (!(shell instanceof Shell)) throw new Error('index.html has no <gc-shell>');

try {
  const { sessionId, code } = readBoot({ pathname, hash });
  const viewer = createViewer({
    container: shell.stage,
    sessionId,
    code,
    serverUrl: origin,
    onLeave: () => shell.focusToolbar(),
  });
  shell.attach(viewer);
  if (window.parent !== window) new HostBridge(window, viewer, sessionId);
} catch (thrown) {
  shell.snapshot = failedSnapshot(GcError.from(thrown));
}

// A new link for the session that is already open changes the fragment only: start afresh with it.
window.addEventListener('hashchange', () => {
  if (window.location.hash.includes('code=')) window.location.reload();
});
