import { inspect } from 'node:util';
import type { Log, LogFields } from '../../ports/log.ts';
import type { LogLevel } from './index.ts';

export interface PrettyOptions {
  readonly write: (line: string) => void;
  readonly now: () => Date;
  readonly colour: boolean;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
const COLOURS: Readonly<Record<LogLevel, string>> = { debug: '90', info: '36', warn: '33', error: '31' };
const ESCAPE = '\u001B';

/** Text from elsewhere must not write lines or control the terminal. */
function plain(text: string): string {
  return /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text) ? JSON.stringify(text).replaceAll(/[\p{Cc}\p{Cf}]/gu, '?') : text;
}

function fieldsText(fields: LogFields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? plain(value) : String(value)}`)
    .join('');
}

/** A log of one short line an item: time, level, subsystem, sentence, fields; an error's stack below it. */
export function createPrettyLog(level: LogLevel, options: PrettyOptions, subsystem = ''): Log {
  const least = LEVELS.indexOf(level);
  const item = (at: LogLevel, message: string, fields: LogFields = {}): void => {
    if (LEVELS.indexOf(at) < least) return;
    const time = options.now().toISOString().slice(11, 19);
    const label = at.padEnd(5);
    const level = options.colour ? `${ESCAPE}[${COLOURS[at]}m${label}${ESCAPE}[0m` : label;
    const place = subsystem === '' ? '' : `${subsystem}: `;
    options.write(`${time} ${level} ${place}${plain(message)}${fieldsText(fields)}\n`);
  };
  return {
    child: (name) => createPrettyLog(level, options, name),
    debug: (message, fields) => {
      item('debug', message, fields);
    },
    info: (message, fields) => {
      item('info', message, fields);
    },
    warn: (message, fields) => {
      item('warn', message, fields);
    },
    error: (message, cause, fields) => {
      item('error', message, fields);
      options.write(`${inspect(cause).replaceAll(/^/gm, '    ')}\n`);
    },
  };
}
