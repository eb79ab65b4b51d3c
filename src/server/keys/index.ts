/** Keys of end-to-end encryption that the server keeps for its users. The face of the folder. */
import type { Context } from '../context.ts';
import { Backups } from './backup.ts';
import { CrossSigning } from './cross-signing.ts';
import { DehydratedDevices } from './dehydrated.ts';
import { DeviceKeys } from './device-keys.ts';

export type { BackupKey } from './backup.ts';
export type { CrossSigningUpload } from './cross-signing.ts';

export class Keys {
  readonly deviceKeys: DeviceKeys;
  readonly crossSigning: CrossSigning;
  readonly backups: Backups;
  readonly dehydrated: DehydratedDevices;

  constructor(context: Context) {
    this.deviceKeys = new DeviceKeys(context);
    this.crossSigning = new CrossSigning(context);
    this.backups = new Backups(context);
    this.dehydrated = new DehydratedDevices(context, this.deviceKeys);
  }
}
