// A monitor may be shown in a browser window of its own, whose document is not the one this code was
// loaded in: its times count from when that window was opened, and it has its own painting.

/** A time of that window's clock (event or frame) as one of ours. */
export function atOurClock(timeMs: number, element: Element): number {
  const theirs = element.ownerDocument.defaultView?.performance.timeOrigin;
  return theirs === undefined ? timeMs : timeMs + theirs - performance.timeOrigin;
}

/** An observer that is told when the element's own window paints, also while ours is hidden. */
export function resizeObserver(element: Element, onResize: () => void): ResizeObserver {
  const view = element.ownerDocument.defaultView as (Window & typeof globalThis) | null;
  const observer = new (view?.ResizeObserver ?? ResizeObserver)(onResize);
  observer.observe(element);
  return observer;
}
