/** Synapse and the scripted server: what our tests play is what another implementation speaks. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { serverOf } from '../../../src/matrix/ids.ts';
import { v3 } from '../../harness/user.ts';
import { SYNAPSE } from '../journeys/makes.ts';
import { tellWithRemote } from '../journeys/with-remote.ts';
import { findSynapse } from './install.ts';

const skip = findSynapse() === undefined ? 'Synapse is not installed: npm run test:interop' : false;
const world = tellWithRemote('Synapse', SYNAPSE.start, skip);

suite('Synapse and the scripted server beside rooms', { skip }, () => {
  test('it asks us for profiles, aliases, devices and keys', async () => {
    const { alice, remote, bob } = world();
    const user = remote.users.get(bob);
    assert.ok(user !== undefined);
    user.profile = { displayname: 'Bob of the script' };
    const profile = await alice.ok('GET', v3`/profile/${bob}`);
    assert.equal(profile.get('displayname'), 'Bob of the script');
    const room = remote.createRoom({ creator: bob });
    const alias = `#place:${remote.name}`;
    remote.aliases.set(alias, room.roomId);
    assert.equal(await alice.join(alias), room.roomId);
    const found = await alice.ok('POST', v3`/keys/query`, { device_keys: { [bob]: [] } });
    assert.deepEqual(found.get('device_keys', bob), {});
  });

  test('it shows and fetches our media', async () => {
    const { alice, remote, bob } = world();
    const bytes = Buffer.from('not really a picture');
    remote.media.set('pic', { bytes, contentType: 'image/png' });
    const server = serverOf(bob) ?? '';
    const answer = await alice.call('GET', `/_matrix/client/v1/media/download/${encodeURIComponent(server)}/pic`);
    assert.deepEqual(Buffer.from(answer.expect(200).bytes), bytes);
  });

  test('it answers us what we ask', async () => {
    const { homeserver, alice, remote } = world();
    const uri = `/_matrix/federation/v1/query/profile?user_id=${encodeURIComponent(alice.id)}`;
    assert.equal((await remote.get(homeserver.name, uri)).get('displayname'), alice.localpart);
    const notary = await remote.post(homeserver.name, '/_matrix/key/v2/query', { server_keys: { [remote.name]: {} } });
    assert.equal(notary.get('server_keys', 0, 'server_name'), remote.name);
  });
});
