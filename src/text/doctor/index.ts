/** The doctor's texts by locale. */
import { doctorEnglish, type DoctorTexts } from './en.ts';
import { doctorChinese } from './zh.ts';

export type { DoctorTexts } from './en.ts';

/** The catalogue for a POSIX locale such as `zh_CN.UTF-8`; English where there is none for it. */
export function doctorTexts(locale: string | undefined): DoctorTexts {
  return locale?.toLowerCase().startsWith('zh') === true ? doctorChinese : doctorEnglish;
}
