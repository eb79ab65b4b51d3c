/** Texts about the topology file, by locale. */
import { topologyEnglish, type TopologyTexts } from './en.ts';
import { topologyChinese } from './zh.ts';

export type { TopologyTexts } from './en.ts';

/** The catalogue for a POSIX locale such as `zh_CN.UTF-8`; English where there is none for it. */
export function topologyTexts(locale: string | undefined): TopologyTexts {
  return locale?.toLowerCase().startsWith('zh') === true ? topologyChinese : topologyEnglish;
}
