/**
 * Certificates of the tests: one authority, and one server certificate for `localhost`, `127.0.0.1`, `::1`, every
 * `*.hosts.test` and some names directly under `.test` (test/fixtures/tls/make.sh lists them and makes the files).
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The authority that clients in tests trust, as PEM. */
export const TEST_CA = fixture('ca.pem');
/** The server certificate that it signed, as PEM. */
export const TEST_CERTIFICATE = fixture('server.pem');
/** The private key of the server certificate, as PEM. */
export const TEST_KEY = fixture('server.key');

/** The path of one of the files, for configurations that name files. */
export function tlsFile(name: 'ca.pem' | 'server.pem' | 'server.key'): string {
  return fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
}

function fixture(name: 'ca.pem' | 'server.pem' | 'server.key'): string {
  return readFileSync(tlsFile(name), 'utf8');
}
