import { array, boolean, integer, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Upload a new filter. */
export const defineFilter = endpoint({
  id: 'defineFilter',
  method: 'POST',
  path: '/_matrix/client/v3/user/{userId}/filter',
  access: 'required',
  rateLimited: false,
  body: object({
    event_fields: optional(array(string())),
    event_format: optional(oneOf(['client', 'federation'])),
    presence: optional(
      object({
        limit: optional(integer()),
        not_senders: optional(array(string())),
        not_types: optional(array(string())),
        senders: optional(array(string())),
        types: optional(array(string())),
      }),
    ),
    account_data: optional(
      object({
        limit: optional(integer()),
        not_senders: optional(array(string())),
        not_types: optional(array(string())),
        senders: optional(array(string())),
        types: optional(array(string())),
      }),
    ),
    room: optional(
      object({
        not_rooms: optional(array(string())),
        rooms: optional(array(string())),
        ephemeral: optional(
          object({
            limit: optional(integer()),
            not_senders: optional(array(string())),
            not_types: optional(array(string())),
            senders: optional(array(string())),
            types: optional(array(string())),
            unread_thread_notifications: optional(boolean()),
            lazy_load_members: optional(boolean()),
            include_redundant_members: optional(boolean()),
            not_rooms: optional(array(string())),
            rooms: optional(array(string())),
            contains_url: optional(boolean()),
          }),
        ),
        include_leave: optional(boolean()),
        state: optional(
          object({
            limit: optional(integer()),
            not_senders: optional(array(string())),
            not_types: optional(array(string())),
            senders: optional(array(string())),
            types: optional(array(string())),
            unread_thread_notifications: optional(boolean()),
            lazy_load_members: optional(boolean()),
            include_redundant_members: optional(boolean()),
            not_rooms: optional(array(string())),
            rooms: optional(array(string())),
            contains_url: optional(boolean()),
          }),
        ),
        timeline: optional(
          object({
            limit: optional(integer()),
            not_senders: optional(array(string())),
            not_types: optional(array(string())),
            senders: optional(array(string())),
            types: optional(array(string())),
            unread_thread_notifications: optional(boolean()),
            lazy_load_members: optional(boolean()),
            include_redundant_members: optional(boolean()),
            not_rooms: optional(array(string())),
            rooms: optional(array(string())),
            contains_url: optional(boolean()),
          }),
        ),
        account_data: optional(
          object({
            limit: optional(integer()),
            not_senders: optional(array(string())),
            not_types: optional(array(string())),
            senders: optional(array(string())),
            types: optional(array(string())),
            unread_thread_notifications: optional(boolean()),
            lazy_load_members: optional(boolean()),
            include_redundant_members: optional(boolean()),
            not_rooms: optional(array(string())),
            rooms: optional(array(string())),
            contains_url: optional(boolean()),
          }),
        ),
      }),
    ),
  }),
  response: object({ filter_id: string() }),
});
