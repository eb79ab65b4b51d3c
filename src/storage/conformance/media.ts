import assert from 'node:assert/strict';
import { ConflictError, type MediaRecord } from '../../ports/store/index.ts';
import { type Case, failureOf, type Kit } from './kit.ts';

function recordOf(kit: Kit, change: Partial<MediaRecord> = {}): MediaRecord {
  return {
    mediaId: `media${kit.unique()}`,
    owner: kit.user(),
    createdAt: 1000,
    blob: undefined,
    sizeBytes: 0,
    contentType: undefined,
    fileName: undefined,
    expiresAt: 5000,
    quarantined: false,
    ...change,
  };
}

export const MEDIA_CASES: readonly Case[] = [
  {
    name: 'a reserved upload is filled once',
    run: async (kit) => {
      const { store } = kit;
      const record = recordOf(kit);
      await store.transact((one) => {
        one.media.putMedia(record);
      });
      assert.deepEqual(await store.media.findMedia(record.mediaId), record);
      assert.equal(await store.media.countPending(record.owner, 4999), 1);
      assert.equal(await store.media.countPending(record.owner, 5000), 0);
      const listed = await store.media.listExpired(5000, 100);
      assert.ok(listed.some((one) => one.mediaId === record.mediaId));
      assert.deepEqual(await store.media.listExpired(4999, 100), []);
      const bytes = { blob: `blob${kit.unique()}`, sizeBytes: 12, contentType: 'image/png', fileName: 'cat "1".png' };
      const fill = (): Promise<void> => store.transact((one) => one.media.fillMedia(record.mediaId, bytes));
      await fill();
      assert.deepEqual(await store.media.findMedia(record.mediaId), { ...record, ...bytes, expiresAt: undefined });
      await assert.rejects(fill(), ConflictError);
      assert.equal(await store.media.countPending(record.owner, 0), 0);
    },
  },
  {
    name: 'thumbnails and the uses of a blob',
    run: async (kit) => {
      const { store } = kit;
      const blob = `blob${kit.unique()}`;
      const record = recordOf(kit, { blob, sizeBytes: 5, expiresAt: undefined });
      const thumbnail = {
        mediaId: record.mediaId,
        variant: '96x96-crop',
        blob,
        contentType: 'image/jpeg',
        sizeBytes: 3,
      };
      await store.transact((one) => {
        one.media.putMedia(record);
        one.media.putThumbnail({ ...thumbnail, sizeBytes: 4 });
        one.media.putThumbnail(thumbnail);
        one.media.setQuarantined(record.mediaId, true);
      });
      const { media } = store;
      assert.equal((await media.findMedia(record.mediaId))?.quarantined, true);
      assert.deepEqual(await media.findThumbnail(record.mediaId, '96x96-crop'), thumbnail);
      assert.equal(await media.findThumbnail(record.mediaId, '32x32-crop'), undefined);
      assert.equal(await media.countBlobUses(blob), 2);
      assert.deepEqual(await media.listThumbnailBlobs(record.mediaId), [blob]);
      await store.transact((one) => {
        one.media.deleteMedia(record.mediaId);
      });
      assert.equal(await media.countBlobUses(blob), 0);
      assert.deepEqual(await media.listThumbnailBlobs(record.mediaId), []);
      assert.equal(await media.findMedia(record.mediaId), undefined);
      const again = recordOf(kit);
      await store.transact((one) => {
        one.media.putMedia(again);
      });
      const twice = await failureOf(store, (one) => {
        one.media.putMedia(again);
      });
      assert.ok(twice instanceof ConflictError);
    },
  },
];
