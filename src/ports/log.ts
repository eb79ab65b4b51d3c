/** Structured logging. Message content, keys, tokens, IP addresses and user agents are never fields. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  /** A logger for one subsystem; its name stands on every line. */
  child(subsystem: string): Log;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** `cause` is logged with its stack and the chain of its causes. */
  error(message: string, cause: unknown, fields?: LogFields): void;
}
