/** Postern and the scripted server, which Synapse agrees with (test/interop/synapse), in every room version. */
import { POSTERN } from '../interop/journeys/makes.ts';
import { tellWithRemote } from '../interop/journeys/with-remote.ts';

tellWithRemote('Postern', POSTERN.start);
