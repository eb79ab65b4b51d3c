/** The texts for devices by locale. */
import { devicesChinese } from './zh.ts';
import { devicesEnglish, type DevicesTexts } from './en.ts';

export type { DevicesTexts } from './en.ts';

/** The catalogue for a locale such as `zh_CN.UTF-8` or `zh`; English where there is none for it. */
export function devicesTexts(locale: string | undefined): DevicesTexts {
  return locale?.toLowerCase().startsWith('zh') === true ? devicesChinese : devicesEnglish;
}
