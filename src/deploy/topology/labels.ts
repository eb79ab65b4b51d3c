/** Labels by which providers find servers on home lines. */
const GUESSABLE = new Set([
  'cloud', 'ddns', 'dns', 'home', 'matrix', 'my', 'nas', 'proxy', 'relay', 'router', 'server', 'vpn', 'www',
]); // biome-ignore format: words

/** Whether a host on a home line would be found by its first label. */
export function isGuessableLabel(host: string): boolean {
  return GUESSABLE.has(host.split('.', 1)[0] ?? '');
}
