/**
 * The one registry of errors that the Matrix APIs answer with, and the one class that carries them.
 * Every row stands in `docs/errors.md` too; a test compares the two.
 */

interface ErrorEntry {
  readonly status: number;
  /** Shape of the further fields that the specification gives this error. */
  readonly extra?: object;
}

export const ERRORS = {
  M_FORBIDDEN: { status: 403 },
  M_UNKNOWN_TOKEN: { status: 401, extra: {} as { soft_logout?: boolean } },
  M_MISSING_TOKEN: { status: 401 },
  M_USER_LOCKED: { status: 401, extra: {} as { soft_logout: true } },
  M_USER_SUSPENDED: { status: 403 },
  M_BAD_JSON: { status: 400 },
  M_NOT_JSON: { status: 400 },
  M_NOT_FOUND: { status: 404 },
  M_LIMIT_EXCEEDED: { status: 429, extra: {} as { retry_after_ms: number } },
  M_UNRECOGNIZED: { status: 404 },
  M_UNKNOWN: { status: 500 },
  M_UNAUTHORIZED: { status: 401 },
  M_USER_IN_USE: { status: 400 },
  M_INVALID_USERNAME: { status: 400 },
  M_EXCLUSIVE: { status: 400 },
  M_WEAK_PASSWORD: { status: 400 },
  M_ROOM_IN_USE: { status: 400 },
  M_INVALID_ROOM_STATE: { status: 400 },
  M_UNSUPPORTED_ROOM_VERSION: { status: 400 },
  M_BAD_ALIAS: { status: 400 },
  M_GUEST_ACCESS_FORBIDDEN: { status: 403 },
  M_MISSING_PARAM: { status: 400 },
  M_INVALID_PARAM: { status: 400 },
  M_TOO_LARGE: { status: 413 },
  M_NOT_YET_UPLOADED: { status: 504 },
  M_CANNOT_OVERWRITE_MEDIA: { status: 409 },
  M_UNKNOWN_POS: { status: 400 },
  M_WRONG_ROOM_KEYS_VERSION: { status: 403, extra: {} as { current_version: string } },
  M_INVALID_SIGNATURE: { status: 400 },
  M_DUPLICATE_ANNOTATION: { status: 400 },
  M_UNABLE_TO_GRANT_JOIN: { status: 400 },
  M_UNABLE_TO_AUTHORISE_JOIN: { status: 400 },
  M_INCOMPATIBLE_ROOM_VERSION: { status: 400, extra: {} as { room_version: string } },
  M_THREEPID_DENIED: { status: 403 },
  M_KEY_TOO_LARGE: { status: 400 },
  M_PROFILE_TOO_LARGE: { status: 400 },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

type ExtraOf<Code extends ErrorCode> = (typeof ERRORS)[Code] extends { extra: infer Extra extends object }
  ? Extra
  : never;

interface CommonOptions {
  /** The status to answer with, where an endpoint's page names another one than the registry. */
  readonly status?: number;
  readonly cause?: unknown;
}

type Options<Code extends ErrorCode> = [ExtraOf<Code>] extends [never]
  ? [options?: CommonOptions]
  : [options: CommonOptions & { readonly extra: ExtraOf<Code> }];

/**
 * What a Matrix API answers instead of a result. `message` is public text: it never carries internals.
 * Only `http/kit/errors.ts` turns one into JSON.
 */
export class MatrixError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'MatrixError';
  readonly code: Code;
  readonly status: number;
  readonly extra: object | undefined;

  constructor(code: Code, message: string, ...rest: Options<Code>) {
    const options: (CommonOptions & { readonly extra?: object | undefined }) | undefined = rest[0];
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options?.status ?? ERRORS[code].status;
    this.extra = options?.extra;
  }

  /** The body of the answer: "errcode", "error" and the further fields of this code. */
  toJSON(): Record<string, unknown> {
    return { errcode: this.code, error: this.message, ...this.extra };
  }
}

/**
 * A failure of network, disk or peer. Retry policy reads `temporary`, never the message.
 */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly kind: string;
  readonly temporary: boolean;
  readonly server: string | undefined;

  constructor(kind: string, options: { temporary: boolean; server?: string; cause?: unknown }) {
    super(kind, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.temporary = options.temporary;
    this.server = options.server;
  }
}

/** The body of a user-interactive authentication answer (client-server API, "User-Interactive Authentication"). */
export interface ChallengeBody {
  readonly flows: readonly { readonly stages: readonly string[] }[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly session: string;
  readonly completed?: readonly string[];
  readonly errcode?: ErrorCode;
  readonly error?: string;
}

/** "The homeserver responds with HTTP status 401": the client must complete further stages first. */
export class AuthChallenge extends Error {
  override readonly name = 'AuthChallenge';
  readonly status = 401;
  readonly body: ChallengeBody;

  constructor(body: ChallengeBody) {
    super('interactive authentication required');
    this.body = body;
  }

  toJSON(): ChallengeBody {
    return this.body;
  }
}
