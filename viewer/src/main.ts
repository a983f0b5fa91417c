// The page's entry, kept small so that it runs at once: the code is traded while the rest of the page
// is fetched and evaluated (evaluating it in one go would hold the request back by as long).
import { begin } from './begin.ts';

const begun = begin(window);
// A failure is told by the page, with words; here it only means not to wait.
await begun.opening?.sent.catch(() => undefined);
const page = await import('./page.ts').catch(() => undefined);
if (page) page.startPage(begun);
else
  document.body.append(
    'The viewer could not be loaded. Check your network, then open the session again from where you started it.',
  );

// A new link for the session that is already open changes the fragment only: start afresh with it.
window.addEventListener('hashchange', () => {
  if (window.location.hash.includes('code=')) window.location.reload();
});
