/** Uploads, downloads and thumbnails. One handler file per operationId. */
import type { Services } from '../../server/services.ts';
import type { ClientRoute } from '../client-api/client-route.ts';
import { createContentRoute } from './createContent.ts';
import { getConfigRoute } from './getConfig.ts';
import { getConfigAuthedRoute } from './getConfigAuthed.ts';
import { getContentRoute } from './getContent.ts';
import { getContentAuthedRoute } from './getContentAuthed.ts';
import { getContentOverrideNameRoute } from './getContentOverrideName.ts';
import { getContentOverrideNameAuthedRoute } from './getContentOverrideNameAuthed.ts';
import { getContentThumbnailRoute } from './getContentThumbnail.ts';
import { getContentThumbnailAuthedRoute } from './getContentThumbnailAuthed.ts';
import { uploadContentRoute } from './uploadContent.ts';
import { uploadContentToMXCRoute } from './uploadContentToMXC.ts';

const ROUTES: readonly ((services: Services) => ClientRoute)[] = [
  createContentRoute,
  getConfigRoute,
  getConfigAuthedRoute,
  getContentRoute,
  getContentAuthedRoute,
  getContentOverrideNameRoute,
  getContentOverrideNameAuthedRoute,
  getContentThumbnailRoute,
  getContentThumbnailAuthedRoute,
  uploadContentRoute,
  uploadContentToMXCRoute,
];

/** The routes, bound to the services. */
export function mediaRoutes(services: Services): ClientRoute[] {
  return ROUTES.map((route) => route(services));
}
