/** Markdown to the HTML of a message, loaded when somebody first writes some. */

/** Whether a text could be markdown at all: without any of these signs the parser is not even loaded. */
function mayBeMarkdown(text: string): boolean {
  return /[*_`~#>[\]|]|^\s*(?:[-+]|\d+\.)\s|\n/m.test(text);
}

/** The HTML of a text; `undefined` when it says no more than the text itself. */
export async function markdownToHtml(text: string): Promise<string | undefined> {
  if (!mayBeMarkdown(text)) return undefined;
  const { Marked } = await import('marked');
  const marked = new Marked({ gfm: true, breaks: true });
  // Raw HTML in what a person types is text: they see what they wrote.
  marked.use({ renderer: { html: ({ text: raw }) => escapeHtml(raw) } });
  const html = (await marked.parse(text)).trim();
  const bare = html.replace(/^<p>/, '').replace(/<\/p>$/, '');
  if (!/<(?!br\b)/.test(bare)) return undefined;
  return html.startsWith('<p>') && html.indexOf('</p>') === html.length - 4 ? bare : html;
}

function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
