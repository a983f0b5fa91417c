// The integration contract as the demo and the tests use it: as any RMM would, over HTTP only.
import { GcError, Problem } from '@guruconnect/contract/errors';
import {
  CreatedSession,
  EventList,
  ViewerInvitation,
  type CreateSession,
} from '@guruconnect/contract/http/v1/sessions';
import { EnrolmentToken, Machine, MachineKeyList } from '@guruconnect/contract/http/v1/machines';
import { Session } from '@guruconnect/contract/session';
import type { z } from 'zod';

export class ContractClient {
  readonly #base: string;
  readonly #key: string;

  constructor(baseUrl: string, integratorKey: string) {
    this.#base = `${baseUrl}/api/integration/v1`;
    this.#key = integratorKey;
  }

  createSession(request: z.input<typeof CreateSession>): Promise<CreatedSession> {
    return this.#ask(CreatedSession, 'POST', '/sessions', request);
  }

  session(id: string): Promise<Session> {
    return this.#ask(Session, 'GET', `/sessions/${id}`);
  }

  endSession(id: string, reason?: string): Promise<Session> {
    return this.#ask(
      Session,
      'POST',
      `/sessions/${id}/end`,
      reason === undefined ? {} : { reason },
    );
  }

  events(id: string, after = 0): Promise<z.output<typeof EventList>> {
    return this.#ask(EventList, 'GET', `/sessions/${id}/events?after=${after}&limit=500`);
  }

  viewerCode(id: string, request: object = {}): Promise<z.output<typeof ViewerInvitation>> {
    return this.#ask(ViewerInvitation, 'POST', `/sessions/${id}/viewer-codes`, request);
  }

  enrolmentToken(deviceId: string): Promise<EnrolmentToken> {
    return this.#ask(EnrolmentToken, 'POST', '/enrolment-tokens', { device_id: deviceId });
  }

  machine(deviceId: string): Promise<Machine> {
    return this.#ask(Machine, 'GET', `/machines/${encodeURIComponent(deviceId)}`);
  }

  machineKeys(deviceId: string): Promise<z.output<typeof MachineKeyList>> {
    return this.#ask(MachineKeyList, 'GET', `/machines/${encodeURIComponent(deviceId)}/keys`);
  }

  /** @throws GcError with the problem's code. */
  async #ask<T extends z.ZodType>(
    schema: T,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<z.output<T>> {
    const response = await fetch(this.#base + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (response.ok) return schema.parse(answer);
    const problem = Problem.parse(answer);
    throw GcError.fromWire(problem);
  }
}
