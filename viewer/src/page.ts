// The page: address -> viewer -> shell, and a bridge to the page that frames it, if one does.
import './no-jit.ts';
import { GcError } from '@guruconnect/contract/errors';
import type { Begun } from './begin.ts';
import { readBoot } from './boot.ts';
import { HostBridge } from './embed/host-bridge.ts';
import { createViewer } from './index.ts';
import { Shell } from './ui/shell.ts';
import { failedSnapshot } from './viewer-snapshot.ts';

export function startPage(begun: Begun): void {
  const shell = document.querySelector('gc-shell');
  if (!(shell instanceof Shell)) throw new Error('index.html has no <gc-shell>');

  try {
    const { sessionId, code } = readBoot(begun);
    const viewer = createViewer({
      container: shell.stage,
      sessionId,
      code,
      serverUrl: begun.origin,
      opening: begun.opening,
      onLeave: () => shell.focusToolbar(),
    });
    shell.attach(viewer);
    if (begun.greeting) new HostBridge(begun.greeting, viewer, sessionId);
  } catch (thrown) {
    shell.snapshot = failedSnapshot(GcError.from(thrown));
    begun.greeting?.refuse();
  }
}
