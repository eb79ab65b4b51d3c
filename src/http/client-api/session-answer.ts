import type { IssuedTokens, NewSession } from '../../server/accounts/index.ts';

export interface TokenFields {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly expires_in_ms?: number;
}

/** The token fields that login, registration and refresh share. */
export function tokenAnswer(tokens: IssuedTokens): TokenFields {
  return {
    access_token: tokens.accessToken,
    ...(tokens.refreshToken !== undefined && { refresh_token: tokens.refreshToken }),
    ...(tokens.expiresInMs !== undefined && { expires_in_ms: tokens.expiresInMs }),
  };
}

/** What a client is told of its new session. */
export function sessionAnswer(session: NewSession): TokenFields & { user_id: string; device_id: string } {
  return { user_id: session.user, device_id: session.device, ...tokenAnswer(session) };
}
