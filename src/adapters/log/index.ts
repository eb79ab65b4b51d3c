import { destination, pino, stdSerializers } from 'pino';
import type { Log } from '../../ports/log.ts';
import { createPrettyLog } from './pretty.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'pretty' | 'json';
}

/** The part of pino that is used. */
interface PinoLike {
  child(bindings: object): PinoLike;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

function wrap(logger: PinoLike): Log {
  return {
    child: (subsystem) => wrap(logger.child({ subsystem })),
    debug: (message, fields = {}) => {
      logger.debug(fields, message);
    },
    info: (message, fields = {}) => {
      logger.info(fields, message);
    },
    warn: (message, fields = {}) => {
      logger.warn(fields, message);
    },
    error: (message, cause, fields = {}) => {
      logger.error({ ...fields, err: cause }, message);
    },
  };
}

/** A log of one JSON object a line. `write` takes each finished line. */
export function createJsonLog(level: LogLevel, write: (line: string) => void): Log {
  const options = {
    level,
    // Neither process id nor host name: they say nothing that the reader does not know.
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: stdSerializers.errWithCause },
  };
  return wrap(pino(options, { write }));
}

/** The log of a process, on standard error: short lines for people, or JSON for programs. */
export function createLog(options: LogOptions): Log {
  const stream = destination({ dest: 2, sync: true });
  const write = (line: string): void => {
    stream.write(line);
  };
  if (options.format === 'json') return createJsonLog(options.level, write);
  return createPrettyLog(options.level, { write, now: () => new Date(), colour: process.stderr.isTTY });
}
