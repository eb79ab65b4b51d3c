/** Words of the doctor's table of routes, in both languages. */
export const tableEnglish = {
  route: 'route',
  connection: 'connection',
  bare: 'no name',
  other: 'other name',
  named: 'its name',
  days: 'days left',
  speed: 'kB/s',
  open: 'open',
  ok: 'yes',
  failed: 'says no',
  refused: 'refused',
  reset: 'reset',
  closed: 'closed',
  silent: 'silent',
  unreachable: 'no way',
} as const;

export type TableTexts = { readonly [Key in keyof typeof tableEnglish]: string };

export const tableChinese: TableTexts = {
  route: '路由',
  connection: '连接',
  bare: '不带名称',
  other: '其他名称',
  named: '自己的名称',
  days: '剩余天数',
  speed: 'kB/秒',
  open: '通',
  ok: '有应答',
  failed: '拒绝',
  refused: '被拒',
  reset: '被重置',
  closed: '被关闭',
  silent: '无应答',
  unreachable: '无路可达',
};

/** The words for a POSIX locale such as `zh_CN.UTF-8`. */
export function tableTexts(locale: string | undefined): TableTexts {
  return locale?.toLowerCase().startsWith('zh') === true ? tableChinese : tableEnglish;
}
