// What can go wrong between the agent and an X server, with stable codes.

export type XErrorCode =
  /** No server answered under that display name, or it refused the agent (authority). */
  | 'display_unreachable'
  /** The server closed the connection: it ended, crashed or killed this X client. */
  | 'display_lost'
  /** The owner closed the connection before this call. */
  | 'display_closed'
  /** The server answered a request with an X protocol error (BadWindow, BadMatch, …). */
  | 'display_request_refused'
  /** An extension or pixel format the agent needs is missing. */
  | 'display_unsupported';

export class XError extends Error {
  readonly code: XErrorCode;
  constructor(code: XErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'XError';
    this.code = code;
  }
}

/** An X protocol error as the server sent it (the fields of XErrorEvent). */
export interface XProtocolError {
  /** 1 BadRequest, 2 BadValue, 3 BadWindow, … (X.h), or an extension's error base + n. */
  readonly errorCode: number;
  /** Major opcode: below 128 core, above an extension. */
  readonly requestCode: number;
  readonly minorCode: number;
  readonly resourceId: number;
  readonly serial: number;
}
