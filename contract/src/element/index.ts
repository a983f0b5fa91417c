// The face of the bundle: importing it defines <guru-session>.
export { EmbedError } from './embed-error.ts';
export { EmbeddedViewer, type Connected, type EmbeddedViewerOptions } from './embedded-viewer.ts';
export { GuruSession, type GuruSessionEvents } from './guru-session.ts';
export { createViewerFrame, type Invitation } from './viewer-frame.ts';
