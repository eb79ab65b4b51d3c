/** From a rule to the censor that acts by it. Pure. */
import { ipCensor, portCensor } from './addresses.ts';
import type { Censor, Tools } from './censor.ts';
import { dnsCensor } from './dns.ts';
import { encryptedCensor } from './encrypted.ts';
import { cgnatCensor, inportCensor, servingCensor } from './home-line.ts';
import { icpDnsCensor, icpSniCensor } from './licence.ts';
import { mismatchCensor } from './mismatch.ts';
import { nestedCensor } from './nested.ts';
import { proberCensor } from './prober.ts';
import { protofilterCensor } from './protocol-filter.ts';
import { quicCensor } from './quic.ts';
import type { Rule } from './rules.ts';
import { sniCensor } from './sni.ts';
import { dtlsCensor, freezeCensor, throttleCensor } from './throttle.ts';

/** A censor with an empty memory. */
export function createCensor(rule: Rule, tools: Tools): Censor {
  switch (rule.kind) {
    case 'dns':
      return dnsCensor(rule);
    case 'sni':
      return sniCensor(rule, tools);
    case 'mismatch':
      return mismatchCensor(rule);
    case 'quic':
      return quicCensor(rule);
    case 'encrypted':
      return encryptedCensor(rule, tools);
    case 'ip':
      return ipCensor(rule);
    case 'port':
      return portCensor(rule);
    case 'prober':
      return proberCensor(rule);
    case 'nested':
      return nestedCensor();
    case 'icp-dns':
      return icpDnsCensor(rule);
    case 'icp-sni':
      return icpSniCensor(rule);
    case 'inport':
      return inportCensor(rule);
    case 'cgnat':
      return cgnatCensor();
    case 'serving':
      return servingCensor(rule, tools);
    case 'freeze':
      return freezeCensor(rule);
    case 'throttle':
      return throttleCensor(rule);
    case 'dtls':
      return dtlsCensor(rule);
    case 'protofilter':
      return protofilterCensor(rule);
  }
}
