// Which options a domain may have of its own, with the value that holds where it has none: those of upstream.
import { forbidden } from '../../../api/faults.ts'

type Value = string | number | boolean | null | string[]

/** By group and option. Others are refused. */
export const readable: Record<string, Record<string, Value>> = {
  identity: { driver: 'sql', list_limit: null },
  ldap: {
    url: 'ldap://localhost',
    user: null,
    suffix: 'cn=example,cn=com',
    query_scope: 'one',
    page_size: 0,
    alias_dereferencing: 'default',
    debug_level: null,
    chase_referrals: null,
    user_tree_dn: null,
    user_filter: null,
    user_objectclass: 'inetOrgPerson',
    user_id_attribute: 'cn',
    user_name_attribute: 'sn',
    user_mail_attribute: 'mail',
    user_description_attribute: 'description',
    user_pass_attribute: 'userPassword',
    user_enabled_attribute: 'enabled',
    user_enabled_invert: false,
    user_enabled_mask: 0,
    user_enabled_default: 'True',
    user_attribute_ignore: ['default_project_id'],
    user_default_project_id_attribute: null,
    user_enabled_emulation: false,
    user_enabled_emulation_dn: null,
    user_enabled_emulation_use_group_config: false,
    user_additional_attribute_mapping: [],
    group_tree_dn: null,
    group_filter: null,
    group_objectclass: 'groupOfNames',
    group_id_attribute: 'cn',
    group_name_attribute: 'ou',
    group_members_are_ids: false,
    group_member_attribute: 'member',
    group_desc_attribute: 'description',
    group_attribute_ignore: [],
    group_additional_attribute_mapping: [],
    tls_cacertfile: null,
    tls_cacertdir: null,
    use_tls: false,
    tls_req_cert: 'demand',
    use_pool: true,
    pool_size: 10,
    pool_retry_max: 3,
    pool_retry_delay: 0.1,
    pool_connection_timeout: -1,
    pool_connection_lifetime: 600,
    use_auth_pool: true,
    auth_pool_size: 100,
    auth_pool_connection_lifetime: 60,
  },
}

/** Kept encrypted and never shown. */
const secret: Record<string, string[]> = { ldap: ['password'] }

export const isSecret = (group: string, option: string): boolean => Object.hasOwn(secret, group) && secret[group]!.includes(option)
const has = (group: string, option: string) => Object.hasOwn(readable, group) && Object.hasOwn(readable[group]!, option)

export const invalid = (reason: string) => forbidden(`Invalid domain specific configuration: ${reason}.`)

/** Throws 403 for a group or an option that no domain may have. */
export function ensureKnown(group: string, option?: string): void {
  if (!Object.hasOwn(readable, group)) throw invalid(`Group ${group.slice(0, 255)} is not supported for domain specific configurations`)
  if (option !== undefined && !has(group, option) && !isSecret(group, option))
    throw invalid(`Option ${option.slice(0, 255)} in group ${group.slice(0, 255)} is not supported for domain specific configurations`)
}

/** The values that hold where a domain has none: of all groups, of one, or of one option. Throws 403. */
export function defaults(group?: string, option?: string): object {
  if (group === undefined) return readable
  ensureKnown(group, option)
  if (option === undefined) return { [group]: readable[group] }
  if (!has(group, option)) throw invalid(`Reading the default for option ${option} in group ${group} is not supported`)
  return { [option]: readable[group]![option] }
}
