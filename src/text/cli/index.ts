/** The texts of the command line, chosen by the locale of the environment. */
import { cliEnglish, type CliTexts } from './en.ts';
import { cliChinese } from './zh.ts';

export type { CliTexts } from './en.ts';

/** The catalogue for a POSIX locale such as `zh_CN.UTF-8`; English where there is none for it. */
export function cliTexts(locale: string | undefined): CliTexts {
  return locale?.toLowerCase().startsWith('zh') === true ? cliChinese : cliEnglish;
}

/** Puts values in the place of `{name}`. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/\{([a-z]+)\}/gi, (whole, name: string) => String(values[name] ?? whole));
}
