// Whose turn is it? Several viewers, and the person at the endpoint, have one pointer and one
// keyboard between them. The seam for a control floor: the pipeline asks before each event.

export interface Arbitration {
  /** May this viewer's event be carried out now? Called for every event: decides, never waits. */
  hasFloor(viewerId: string, nowMs: number): boolean;
}

/** Everybody with the grant may, one event after the other. */
export const openFloor: Arbitration = { hasFloor: () => true };
