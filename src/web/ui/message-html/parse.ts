/** HTML of a message → sanitised fragment → tree of known parts. Loaded with the first `formatted_body`. */
import createPurifier from 'dompurify';
import { ELEMENT_NAMES, toParts, type HtmlNode, type Part } from '../../lib/message-html/parts.ts';
import { policy } from '../trusted.ts';

const TAGS = [...ELEMENT_NAMES, 'a', 'span', 'br', 'hr', 'pre', 'img', 'mx-reply'];
const ATTRIBUTES = ['href', 'start', 'alt', 'data-mx-spoiler'];

const purifier = createPurifier(window);

/** The parts of an HTML body; `undefined` where it cannot be read, so that the plain body is shown. */
export function parseHtml(html: string): readonly Part[] | undefined {
  try {
    const fragment = purifier.sanitize(html, {
      ALLOWED_TAGS: TAGS,
      ALLOWED_ATTR: ATTRIBUTES,
      ALLOW_DATA_ATTR: false,
      ALLOW_ARIA_ATTR: false,
      RETURN_DOM_FRAGMENT: true,
      TRUSTED_TYPES_POLICY: policy as never,
    });
    return toParts(fragment as unknown as HtmlNode);
  } catch {
    return undefined;
  }
}
