/**
 * User-interactive authentication (client-server API, "User-Interactive Authentication API").
 * Sessions live in memory and hold no secret: after a restart a client simply begins again.
 */
import { type BoundedMap, boundedMap } from '../bounded-map.ts';
import { getString, isObject, type JsonObject, type JsonValue } from '../../matrix/json.ts';
import { AuthChallenge, type ErrorCode, MatrixError } from '../../matrix/errors.ts';
import type { Context } from '../context.ts';

export type Stage = 'm.login.dummy' | 'm.login.password' | 'm.login.registration_token';

/** Checks one stage; throws a MatrixError that says why it failed. */
export type StageCheck = (auth: JsonObject, session: AuthSession) => Promise<void>;

export interface AuthSession {
  readonly id: string;
  /** What the session may be used for, and for nothing else. */
  readonly operation: string;
  readonly completed: Stage[];
  /** The registration token that the token stage accepted. */
  registrationToken: string | undefined;
}

export interface Requirement {
  /** The operation and its subject, for example `deleteDevice ABC @a:b`: a session serves one only (adv-081). */
  readonly operation: string;
  readonly flows: readonly (readonly Stage[])[];
  readonly checks: Readonly<Partial<Record<Stage, StageCheck>>>;
}

const SESSION_LIFETIME_MS = 15 * 60_000;
const SESSIONS_MAX = 20_000;

export class InteractiveAuth {
  readonly #context: Context;
  readonly #sessions: BoundedMap<string, { session: AuthSession; expiresAt: number }>;

  constructor(context: Context) {
    this.#context = context;
    this.#sessions = boundedMap(SESSIONS_MAX);
  }

  /**
   * Returns the session once one of the flows is complete; it is then used up. Throws {@link AuthChallenge} until
   * then: "HTTP/1.1 401 … with the flows, the session and what has been completed".
   */
  async require(auth: unknown, requirement: Requirement): Promise<AuthSession> {
    if (!isObject(auth)) throw challenge(this.#open(requirement.operation), requirement);
    const session = this.#resume(getString(auth, 'session'), requirement);
    const type = getString(auth, 'type');
    if (type !== undefined) await this.#complete(type, auth, session, requirement);
    const done = requirement.flows.some((flow) => flow.every((stage) => session.completed.includes(stage)));
    if (!done) throw challenge(session, requirement);
    this.#sessions.delete(session.id);
    return session;
  }

  async #complete(type: string, auth: JsonObject, session: AuthSession, requirement: Requirement): Promise<void> {
    const stage = requirement.flows.flat().find((one) => one === type);
    const check = stage === undefined ? undefined : requirement.checks[stage];
    if (stage === undefined || check === undefined) {
      throw challenge(session, requirement, ['M_UNRECOGNIZED', 'This stage is not part of any flow']);
    }
    try {
      await check(auth, session);
    } catch (error) {
      if (!(error instanceof MatrixError) || error.status === 429) throw error;
      throw challenge(session, requirement, [error.code, error.message]);
    }
    if (!session.completed.includes(stage)) session.completed.push(stage);
  }

  #open(operation: string): AuthSession {
    const session = { id: this.#context.random.token(24), operation, completed: [], registrationToken: undefined };
    this.#sessions.set(session.id, { session, expiresAt: this.#context.clock.monotonic() + SESSION_LIFETIME_MS });
    return session;
  }

  /** "session … If it is not given, a new one begins": clients that know the one stage send it at once. */
  #resume(id: string | undefined, requirement: Requirement): AuthSession {
    if (id === undefined) return this.#open(requirement.operation);
    const found = this.#sessions.get(id);
    const alive = found !== undefined && found.expiresAt > this.#context.clock.monotonic();
    if (!alive || found.session.operation !== requirement.operation) {
      throw challenge(this.#open(requirement.operation), requirement, ['M_UNKNOWN', 'The session is not known']);
    }
    return found.session;
  }
}

function challenge(session: AuthSession, requirement: Requirement, failure?: [ErrorCode, string]): AuthChallenge {
  return new AuthChallenge({
    flows: requirement.flows.map((stages) => ({ stages })),
    params: {},
    session: session.id,
    ...(session.completed.length > 0 && { completed: session.completed }),
    ...(failure !== undefined && { errcode: failure[0], error: failure[1] }),
  });
}

/** The user id or localpart that an `m.id.user` identifier or the deprecated `user` field names. */
export function identifiedUser(source: Readonly<JsonObject>): string | undefined {
  const identifier: JsonValue | undefined = source['identifier'];
  if (isObject(identifier)) {
    return getString(identifier, 'type') === 'm.id.user' ? getString(identifier, 'user') : undefined;
  }
  return getString(source, 'user');
}
