// An answer that is no JSON document: the handler writes it itself, after the door has authenticated
// and parsed the request (bind-routes.ts).
import type { Request, Response } from 'express';

export class OwnAnswer {
  /** Writes the whole answer and resolves when it is done; what it throws becomes a problem document. */
  readonly send: (request: Request, response: Response) => Promise<void>;

  constructor(send: OwnAnswer['send']) {
    this.send = send;
  }
}
