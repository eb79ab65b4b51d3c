/** An invite as a sheet to print: one HTML file that asks for nothing else. */
import { renderSVG } from 'uqr';
import type { InviteFacts } from '../../server/admin/index.ts';
import type { CliTexts } from '../../text/cli/index.ts';

const STYLE =
  'body{font:16px/1.5 sans-serif;max-width:38rem;margin:2rem auto;padding:0 1rem;color:#000;background:#fff}' +
  'svg{width:14rem;height:14rem}code{overflow-wrap:anywhere;font-size:13px}';

/** The text of the file. */
export function inviteSheet(texts: CliTexts, { link, text }: Pick<InviteFacts, 'link' | 'text'>): string {
  const lines = [
    '<!doctype html>',
    '<meta charset="utf-8">',
    `<title>${escaped(texts.inviteSheetTitle)}</title>`,
    `<style>${STYLE}</style>`,
    `<h1>${escaped(texts.inviteSheetTitle)}</h1>`,
    `<p>${escaped(texts.inviteSheetScan)}</p>`,
    renderSVG(link),
    `<p><code>${escaped(link)}</code></p>`,
    ...(text === null ? [] : [`<p>${escaped(texts.inviteSheetText)}</p>`, `<p><code>${escaped(text)}</code></p>`]),
  ];
  return `${lines.join('\n')}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
