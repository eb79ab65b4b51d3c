/** Draws the tree of parts: every element is made by Preact, none by markup. */
import { createElement, Fragment } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { linkParts, parseHtml, type Part } from '../../lib/message-html/parts.ts';
import { say } from '../state.ts';

export function PartsView({ parts }: { parts: readonly Part[] }) {
  return (
    <>
      {parts.map((part, at) => (
        <PartView key={at} part={part} />
      ))}
    </>
  );
}

function PartView({ part }: { part: Part }) {
  switch (part.kind) {
    case 'text':
      return <Linked text={part.text} />;
    case 'break':
      return <br />;
    case 'rule':
      return <hr />;
    case 'code':
      return (
        <pre dir="ltr">
          <code>{part.text}</code>
        </pre>
      );
    case 'element':
      return createElement(
        part.name,
        part.start === undefined ? null : { start: part.start },
        <PartsView parts={part.parts} />,
      );
    case 'link':
      return <Link part={part} />;
    case 'person':
      return (
        <bdi class="pill">
          <PartsView parts={part.parts} />
        </bdi>
      );
    case 'spoiler':
      return <Spoiler parts={part.parts} />;
  }
}

/** Text in HTML is text; its bare addresses become links all the same. */
function Linked({ text }: { text: string }) {
  const parts = linkParts(text);
  if (parts.length <= 1 && parts[0]?.kind !== 'link') return <Fragment>{text}</Fragment>;
  return (
    <>
      {parts.map((part, at) =>
        part.kind === 'link' ? <Link key={at} part={part} /> : part.kind === 'text' ? part.text : null,
      )}
    </>
  );
}

function Link({ part }: { part: Extract<Part, { kind: 'link' }> }) {
  return (
    <a href={part.href} target="_blank" rel="noopener noreferrer" title={part.isSuspicious ? part.href : undefined}>
      {part.parts.map((inner, at) =>
        inner.kind === 'text' ? <bdi key={at}>{inner.text}</bdi> : <PartView key={at} part={inner} />,
      )}
      {part.isSuspicious && <span class="danger-text"> ({hostOf(part.href)})</span>}
    </a>
  );
}

function hostOf(href: string): string {
  try {
    return new URL(href).host;
  } catch {
    return href;
  }
}

function Spoiler({ parts }: { parts: readonly Part[] }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <button
      type="button"
      class="spoiler"
      aria-expanded={isOpen}
      aria-label={isOpen ? undefined : say('spoiler')}
      onClick={() => setOpen(!isOpen)}
    >
      <PartsView parts={parts} />
    </button>
  );
}

/** The HTML body of a message. */
export function HtmlView({ html, prefix }: { html: string; prefix: string }) {
  const parts = useMemo(() => parseHtml(html), [html]);
  return (
    <div class="bubble-text html" dir="auto">
      {prefix}
      <PartsView parts={parts} />
    </div>
  );
}
