/** The texts of `postern cert` by locale. */
import { certEnglish, type CertTexts } from './en.ts';
import { certChinese } from './zh.ts';

export type { CertTexts } from './en.ts';

/** The catalogue for a POSIX locale such as `zh_CN.UTF-8`; English where there is none for it. */
export function certTexts(locale: string | undefined): CertTexts {
  return locale?.toLowerCase().startsWith('zh') === true ? certChinese : certEnglish;
}
