import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { describe, it } from 'node:test';
import { TEST_CA, TEST_CERTIFICATE, TEST_KEY } from '../../../test/harness/tls.ts';
import { openListener } from './listener.ts';

describe('a listener with a certificate', () => {
  it('T10: speaks TLS 1.2 and 1.3 and nothing older', async () => {
    const listener = await openListener({
      address: '127.0.0.1',
      port: 0,
      tls: { current: { certificate: TEST_CERTIFICATE, key: TEST_KEY }, onRenewed() {} },
      handle: async (_, response) => void response.end(),
    });
    const shake = async (version: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> => {
      const socket = connect({
        host: '127.0.0.1',
        port: listener.port,
        ca: TEST_CA,
        servername: 'localhost',
        minVersion: version,
        maxVersion: version,
        ciphers: 'DEFAULT:@SECLEVEL=0',
      });
      await once(socket, 'secureConnect');
      const protocol = socket.getProtocol();
      socket.destroy();
      return protocol;
    };
    try {
      assert.equal(await shake('TLSv1.2'), 'TLSv1.2');
      assert.equal(await shake('TLSv1.3'), 'TLSv1.3');
      for (const version of ['TLSv1', 'TLSv1.1'] as const) {
        await assert.rejects(shake(version), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
      }
    } finally {
      await listener.close(0);
    }
  });
});
