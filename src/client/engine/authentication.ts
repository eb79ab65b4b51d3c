/** Sign-in, registration, and the stages of user-interactive authentication that a person can answer. */
import { checkUsernameAvailability } from '../../matrix/api/client-server/checkUsernameAvailability.ts';
import { login } from '../../matrix/api/client-server/login.ts';
import { register } from '../../matrix/api/client-server/register.ts';
import type { ResponseOf } from '../../matrix/api/declare.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Api } from '../api/call.ts';
import { isServerError, ServerError } from '../api/errors.ts';
import { freshId, type ClientEnvironment } from '../environment.ts';
import { asArray, asObject, asString, asStrings, field, type JsonObject } from '../json.ts';
import type { RegisterRequest, SignInRequest } from './contract.ts';
import type { StoredSession } from './host.ts';

const STAGES_MAX = 8;

interface Grant {
  readonly user_id: string;
  readonly device_id?: string;
  readonly access_token?: string;
  readonly refresh_token?: string;
}

function toSession(grant: Grant, homeserver: string, environment: ClientEnvironment): StoredSession {
  const { user_id: userId, device_id: deviceId, access_token: accessToken, refresh_token: refreshToken } = grant;
  if (deviceId === undefined || accessToken === undefined) {
    throw new OperationError('no-session', { temporary: false });
  }
  return {
    homeserver,
    userId,
    deviceId,
    accessToken,
    storeName: `postern-${freshId(environment, 12)}`,
    ...(refreshToken === undefined ? {} : { refreshToken }),
  };
}

/** Signs in with user name (or full id) and password. */
export async function signIn(api: Api, environment: ClientEnvironment, request: SignInRequest): Promise<StoredSession> {
  const identifier = { type: 'm.id.user', user: request.user };
  const grant = await api.call(login, {
    body: {
      type: 'm.login.password',
      identifier,
      password: request.password,
      initial_device_display_name: request.deviceName,
      refresh_token: true,
    },
    waitWhenLimited: false,
  });
  return toSession(grant, api.homeserver, environment);
}

/** The next stage we can answer in a flow we can finish; `undefined` when there is none. */
function nextStage(body: JsonObject, answerable: ReadonlySet<string>): string | undefined {
  const completed = new Set(asStrings(field(body, 'completed')));
  for (const flow of asArray(field(body, 'flows'))) {
    const stages = asStrings(field(asObject(flow), 'stages'));
    if (!stages.every((stage) => completed.has(stage) || answerable.has(stage))) continue;
    const open = stages.find((stage) => !completed.has(stage));
    if (open !== undefined) return open;
  }
  return undefined;
}

/** Registers an account, answering the stages `m.login.registration_token` and `m.login.dummy`. */
export async function registerAccount(
  api: Api,
  environment: ClientEnvironment,
  request: RegisterRequest,
): Promise<StoredSession> {
  const answers = new Map<string, JsonObject>([['m.login.dummy', {}]]);
  if (request.token !== undefined) answers.set('m.login.registration_token', { token: request.token });
  const body = {
    username: request.userName,
    password: request.password,
    initial_device_display_name: request.deviceName,
    refresh_token: true,
  };
  let auth: { type?: string; session?: string } | undefined;
  for (let stage = 0; stage < STAGES_MAX; stage += 1) {
    try {
      const grant: ResponseOf<typeof register> = await api.call(register, {
        body: auth === undefined ? body : { ...body, auth },
        waitWhenLimited: false,
      });
      return toSession(grant, api.homeserver, environment);
    } catch (error) {
      auth = nextAuth(error, answers, auth?.type);
    }
  }
  throw new OperationError('too-many-stages', { temporary: false });
}

function nextAuth(error: unknown, answers: ReadonlyMap<string, JsonObject>, tried: string | undefined) {
  if (!(error instanceof ServerError) || error.status !== 401) throw error;
  const stage = nextStage(error.body, new Set(answers.keys()));
  const session = asString(field(error.body, 'session'));
  // The same stage asked again means that our answer was refused.
  if (stage === undefined || stage === tried) throw error;
  return { type: stage, ...(session === undefined ? {} : { session }), ...answers.get(stage) };
}

/** Whether a user name can be registered. */
export async function isUserNameFree(api: Api, userName: string): Promise<boolean> {
  try {
    await api.call(checkUsernameAvailability, { query: { username: userName } });
    return true;
  } catch (error) {
    if (isServerError(error, 'M_USER_IN_USE') || isServerError(error, 'M_EXCLUSIVE')) return false;
    if (isServerError(error, 'M_INVALID_USERNAME')) return false;
    throw error;
  }
}

/** A user name made of a display name: what the grammar allows of it, in lower case. */
function userNameFrom(wish: string): string {
  const plain = wish.normalize('NFKD').toLowerCase().replace(/\s+/g, '.');
  return plain
    .replace(/[^a-z0-9._-]/g, '')
    .replace(/^[._-]+|[._-]+$/g, '')
    .slice(0, 32);
}

/** A free user name like the one wished for. */
export async function suggestUserName(api: Api, environment: ClientEnvironment, wish: string): Promise<string> {
  const base = userNameFrom(wish) || `guest.${freshId(environment, 4)}`;
  const ATTEMPTS = 5;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const name = attempt === 0 ? base : `${base}${attempt + 1}`;
    if (await isUserNameFree(api, name)) return name;
  }
  return `${base}.${freshId(environment, 4)}`;
}

/** Answers the password stage of an operation on the account itself. */
export function passwordAuth(userId: string, password: string, session: string | undefined): JsonObject {
  return {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: userId },
    password,
    ...(session === undefined ? {} : { session }),
  };
}
