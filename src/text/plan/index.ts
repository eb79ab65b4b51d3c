/** Texts of plans, by locale. */
import { planEnglish, type PlanTexts } from './en.ts';
import { planChinese } from './zh.ts';

export type { PlanTexts } from './en.ts';

/** The catalogue for a POSIX locale such as `zh_CN.UTF-8`; English where there is none for it. */
export function planTexts(locale: string | undefined): PlanTexts {
  return locale?.toLowerCase().startsWith('zh') === true ? planChinese : planEnglish;
}
