import { anything, array, boolean, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Retrieve all push rules. */
export const getPushRulesGlobal = endpoint({
  id: 'getPushRulesGlobal',
  method: 'GET',
  path: '/_matrix/client/v3/pushrules/global',
  aliases: ['/_matrix/client/v3/pushrules/global/'],
  access: 'required',
  rateLimited: false,
  response: object({
    content: optional(
      array(
        object({
          actions: array(anything()),
          default: boolean(),
          enabled: boolean(),
          rule_id: string(),
          conditions: optional(array(anything())),
          pattern: optional(string()),
        }),
      ),
    ),
    override: optional(
      array(
        object({
          actions: array(anything()),
          default: boolean(),
          enabled: boolean(),
          rule_id: string(),
          conditions: optional(array(anything())),
          pattern: optional(string()),
        }),
      ),
    ),
    room: optional(
      array(
        object({
          actions: array(anything()),
          default: boolean(),
          enabled: boolean(),
          rule_id: string(),
          conditions: optional(array(anything())),
          pattern: optional(string()),
        }),
      ),
    ),
    sender: optional(
      array(
        object({
          actions: array(anything()),
          default: boolean(),
          enabled: boolean(),
          rule_id: string(),
          conditions: optional(array(anything())),
          pattern: optional(string()),
        }),
      ),
    ),
    underride: optional(
      array(
        object({
          actions: array(anything()),
          default: boolean(),
          enabled: boolean(),
          rule_id: string(),
          conditions: optional(array(anything())),
          pattern: optional(string()),
        }),
      ),
    ),
  }),
});
