/** The icons: one line each, drawn for a 24 px box. */
const PATHS = {
  back: 'M15 5l-7 7 7 7',
  forward: 'M9 5l7 7-7 7',
  close: 'M6 6l12 12M18 6L6 18',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16.5 16.5L21 21',
  compose: 'M12 20h8M4 20l1-4L16.5 4.5a2.1 2.1 0 0 1 3 3L8 19l-4 1z',
  settings: 'M4 7h9M19 7h1M16 5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM4 17h1M11 17h9M8 15a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  send: 'M5 12h13M12 5l7 7-7 7',
  attach: 'M20 11.5l-8.2 8.2a5 5 0 0 1-7-7l8.6-8.6a3.3 3.3 0 0 1 4.7 4.7l-8.5 8.5a1.6 1.6 0 0 1-2.3-2.3l7.8-7.8',
  emoji: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.5 14.5c1.8 2.6 5.2 2.6 7 0M9 9.5v.5M15 9.5v.5',
  reply: 'M9 6L4 11l5 5M4 11h9a7 7 0 0 1 7 7v1',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  edit: 'M4 20l1-4L16.5 4.5a2.1 2.1 0 0 1 3 3L8 19l-4 1z',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v6M14 11v6',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l2.5 2',
  tick: 'M5 12.5l4.5 4.5L19 7',
  ticks: 'M2 12.5L6.5 17 15 7.5M11 16l1 1 9.5-9.5',
  alert: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v5M12 16v.2',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  unlock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 6.8-1.2',
  shield: 'M12 3l7 3v5c0 5-3 8.3-7 10-4-1.7-7-5-7-10V6z',
  devices: 'M3 5h13v10H3zM8 19h4M18 9h3v10h-4v-2',
  key: 'M8 12a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 13.5L20 4.5M16 8.5l3 3',
  spark: 'M12 4v5M12 15v5M4 12h5M15 12h5M6.5 6.5l3 3M14.5 14.5l3 3M6.5 17.5l3-3M14.5 9.5l3-3',
  down: 'M6 9l6 6 6-6',
  file: 'M7 3h7l4 4v14H7zM14 3v4h4',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  people:
    'M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 20c.6-4 3-6 6.5-6s5.9 2 6.5 6M16 5.4a3.5 3.5 0 0 1 0 6.3M18 14.5c2 .8 3.2 2.6 3.5 5.5',
  person: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5c.7-4.3 3.5-6.5 7.5-6.5s6.8 2.2 7.5 6.5',
  star: 'M12 4l2.5 5.2 5.5.8-4 4 1 5.6-5-2.7-5 2.7 1-5.6-4-4 5.5-.8z',
  exit: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
  plus: 'M12 5v14M5 12h14',
  eye: 'M2.5 12C5 7.5 8.2 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.7 6.5-9.5 6.5s-7-2-9.5-6.5zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  play: 'M8 5l11 7-11 7z',
} as const;

export type IconName = keyof typeof PATHS;

const MIRRORED: ReadonlySet<IconName> = new Set(['back', 'forward', 'send', 'reply', 'exit']);

export function Icon({ name, tiny = false }: { name: IconName; tiny?: boolean }) {
  const extra = `${tiny ? ' tiny' : ''}${MIRRORED.has(name) ? ' mirrored' : ''}`;
  return (
    <svg class={`icon${extra}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The sign of the app: a small gate in a wall. */
export function Gate() {
  return (
    <svg class="gate" viewBox="0 0 72 72" aria-hidden="true">
      <rect width="72" height="72" rx="20" fill="var(--accent)" />
      <path d="M22 54V34a14 14 0 0 1 28 0v20z" fill="var(--on-accent)" />
      <path d="M36 20v34" stroke="var(--accent)" stroke-width="3" />
      <circle cx="41.5" cy="39" r="2.5" fill="var(--accent)" />
    </svg>
  );
}
