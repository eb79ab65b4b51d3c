/** What a censor can do, and what the doctor then finds, or why it cannot be seen from here. */
import type { FindingName } from './findings.ts';

/** The mechanisms of the lab, and profiles of its border, by name. */
export const MECHANISMS = [
  'dns',
  'dns-abroad',
  'sni-rst',
  'sni-drop',
  'mismatch',
  'quic',
  'encrypted',
  'ip',
  'port-443',
  'provincial',
  'prober',
  'evening',
  'nested',
  'icp-dns',
  'icp-sni',
  'icp-sni-web',
  'inport',
  'cgnat',
  'serving',
  'freeze',
  'throttle',
  'dtls',
  'protofilter',
] as const;

export type Mechanism = (typeof MECHANISMS)[number];

/** The findings that tell of a mechanism, or why none does. */
export type Observation = { readonly findings: readonly FindingName[] } | { readonly notObservable: string };

export const OBSERVATIONS: Readonly<Record<Mechanism, Observation>> = {
  dns: { findings: ['name-poisoned', 'name-answered-twice'] },
  'dns-abroad': { findings: ['name-poisoned'] },
  'sni-rst': { findings: ['name-reset', 'residual-block'] },
  'sni-drop': { findings: ['name-dropped', 'residual-block'] },
  // A name that public DNS does not know to be there, as nobody's name is not known either.
  mismatch: { findings: ['any-name-reset', 'name-dropped'] },
  quic: { notObservable: 'Postern speaks no QUIC: what is done to QUIC is not done to it.' },
  encrypted: {
    notObservable:
      'Every connection of Postern begins with TLS, which is exempt. To provoke it would block the route for minutes.',
  },
  ip: { findings: ['address-blocked'] },
  'port-443': { findings: ['port-blocked'] },
  // The same from a user's line; that the node abroad finds nothing tells where it happens.
  provincial: { findings: ['name-reset'] },
  prober: {
    notObservable:
      'Probes come to the server like everybody else. What follows from them is seen: an address that is blocked.',
  },
  evening: { findings: ['line-slow'] },
  nested: { notObservable: 'It is a score that somebody else keeps of sizes and times; nothing comes back.' },
  'icp-dns': { findings: ['unlicensed-name-resolves'] },
  'icp-sni': { findings: ['any-name-reset'] },
  'icp-sni-web': { findings: ['any-name-reset'] },
  inport: { findings: ['port-not-reached'] },
  cgnat: { findings: ['port-not-forwarded'] },
  serving: { findings: ['home-line-web-port', 'guessable-label', 'line-slow'] },
  freeze: { findings: ['connection-freezes'] },
  throttle: { findings: ['connection-throttled'] },
  dtls: {
    notObservable:
      "The hello that is blocked or passes is a browser's own: the client's connection panel tells, no program does.",
  },
  protofilter: {
    notObservable: 'It lets pass what begins like TLS, HTTP or DNS, and Postern sends nothing else to such ports.',
  },
};
