/** By what stars are given: weights of mechanisms and thresholds. A change of any figure is a new version. Pure. */

export interface Weights {
  readonly version: number;
  /** How much each mechanism counts in "circumvention"; what is not named counts nothing. */
  readonly mechanisms: Readonly<Record<string, number>>;
  /** The least weighted share of survived mechanisms for one, two and three stars. */
  readonly circumvention: readonly [number, number, number];
  /** The most milliseconds, p95 from the key to the own server's answer at evening, for three, two and one star. */
  readonly speed: readonly [number, number, number];
  /** The most effort for three, two and one star: actions, and steps on the device, each of which counts for five. */
  readonly ease: readonly [number, number, number];
  readonly userStepCounts: number;
}

/** Mechanisms of the border that are seen every day count most; those of other countries least. */
export const WEIGHTS: Weights = {
  version: 1,
  mechanisms: {
    dns: 2,
    'dns-abroad': 1,
    'sni-rst': 3,
    'sni-drop': 2,
    mismatch: 1,
    quic: 1,
    encrypted: 2,
    ip: 3,
    'port-443': 1,
    provincial: 1,
    evening: 2,
    'icp-dns': 2,
    'icp-sni': 2,
    'icp-sni-web': 1,
    inport: 2,
    serving: 1,
    freeze: 1,
    throttle: 1,
    dtls: 1,
    protofilter: 1,
  },
  circumvention: [0.3, 0.6, 0.85],
  speed: [150, 300, 2_000],
  ease: [12, 25, 60],
  userStepCounts: 5,
};

/** What the founding article gave: circumvention, speed, ease. */
export const FOUNDING: Readonly<Record<string, readonly [number, number, number]>> = {
  '1': [3, 1, 3],
  '2': [1, 3, 3],
  '3': [2, 3, 1],
  '4': [2, 2, 3],
};
