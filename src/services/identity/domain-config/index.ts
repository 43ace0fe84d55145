// Configuration of domains, as today's clients have it: options of identity and LDAP that hold for one domain.
import { type BaseContext, operation, reply } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { Project } from '../../../auth/tables.ts'
import { defaultDomainId } from '../bootstrap.ts'
import { domain } from '../domains/domains.ts'
import { configurationChanged } from '../ldap/directories.ts'
import { adminOrSystemReader, adminRequired, cloudRule } from '../rules.ts'
import { Config, ConfigBody, ConfigPart, notConfigured, rowsOf, shown } from './config.ts'
import { defaults, ensureKnown, invalid } from './options.ts'
import { deleteDomainOptions, domainOptions, putDomainOptions } from './store.ts'

const rules = {
  create: cloudRule('identity:create_domain_config', adminRequired, 'Create or replace the configuration of a domain.'),
  get: cloudRule('identity:get_domain_config', adminOrSystemReader, 'Show the configuration of a domain.'),
  update: cloudRule('identity:update_domain_config', adminRequired, 'Change the configuration of a domain.'),
  delete: cloudRule('identity:delete_domain_config', adminRequired, 'Delete the configuration of a domain, or a part of it.'),
  defaults: cloudRule('identity:get_domain_config_default', adminOrSystemReader, 'Show what holds where a domain has no configuration.'),
  security: rule('identity:get_security_compliance_domain_config', '', 'Show what passwords have to be like.'),
}

/** The parts of a path below a domain's configuration. */
interface Place {
  group?: string
  option?: string
}
const common = { majors: ['v3'], catalog: [] as string[] } as const
const paths = [
  '/domains/{domain_id}/config',
  '/domains/{domain_id}/config/{group}',
  '/domains/{domain_id}/config/{group}/{option}',
] as const
const names = ['', '-group', '-option'] as const
const security = 'security_compliance'
type Here = BaseContext & { params: unknown; domain: Project }
const placeOf = (context: { params: unknown }): Place => context.params as Place

async function read(context: Here): Promise<object> {
  const { group, option } = placeOf(context)
  if (group !== undefined) ensureKnown(group, option)
  const config = shown(await domainOptions(context.db, context.domain.id, group, option))
  if (!Object.keys(config).length) throw notConfigured(context.domain.id, group, option)
  return { config: option === undefined ? config : config[group!] }
}

/** Merges what was sent; with a group or an option in the path only that may be sent, and it must be there. */
async function change(context: Here & { body: { config: Record<string, unknown> } }): Promise<object> {
  const { cloud, tx, domain, body } = context
  const { group, option } = placeOf(context)
  if (group !== undefined) {
    ensureKnown(group, option)
    const sent = Object.keys(body.config)
    const wanted = option ?? group
    if (sent.length !== 1 || sent[0] !== wanted)
      throw invalid(
        `Trying to update ${option === undefined ? 'group' : 'option'} ${wanted}, so that, and only that, must be specified in the config`,
      )
  }
  const rows = rowsOf(cloud, domain.id, option === undefined ? body.config : { [group!]: body.config })
  if (group !== undefined && !(await domainOptions(tx.db, domain.id, group, option)).length) throw notConfigured(domain.id, group, option)
  await putDomainOptions(tx.db, rows)
  await configurationChanged(cloud, tx.db, domain)
  return { config: shown(await domainOptions(tx.db, domain.id)) }
}

async function remove(context: Here): Promise<void> {
  const { group, option } = placeOf(context)
  if (group !== undefined) ensureKnown(group, option)
  const gone = await deleteDomainOptions(context.tx.db, context.domain.id, group, option)
  if (!gone && group !== undefined) throw notConfigured(context.domain.id, group, option)
  await configurationChanged(context.cloud, context.tx.db, context.domain)
}

const create = operation({
  ...common,
  id: 'domain-config.create',
  method: 'PUT',
  path: '/domains/{domain_id}/config',
  summary: 'Create or replace the configuration of a domain',
  body: ConfigBody,
  on: domain,
  policy: rules.create,
  status: 201,
  otherStatuses: [200],
  answer: Config,
  async handle({ cloud, tx, domain, body }) {
    const rows = rowsOf(cloud, domain.id, body.config)
    const replaced = await deleteDomainOptions(tx.db, domain.id)
    await putDomainOptions(tx.db, rows)
    await configurationChanged(cloud, tx.db, domain)
    return reply({ status: replaced ? 200 : 201, body: { config: shown(rows) } })
  },
})

/** What passwords have to be like: of the default domain only, for everybody with a token. */
function securityConfig({ cloud, params }: BaseContext & { params: { domain_id: string; option?: string } }): object {
  const { passwordRegex, passwordRegexDescription } = cloud.config
  const { option } = params
  const all: Record<string, string | null> = { password_regex: passwordRegex, password_regex_description: passwordRegexDescription }
  if (params.domain_id !== defaultDomainId)
    throw invalid('Reading security compliance information for any domain other than the default domain is not allowed or supported')
  if (option === undefined) return { config: { [security]: all } }
  if (!Object.hasOwn(all, option))
    throw invalid('Reading security compliance values other than password_regex and password_regex_description is not allowed')
  return { config: { [option]: all[option] } }
}

const securityOperations = [
  operation({
    ...common,
    id: 'domain-config.show-security',
    method: 'GET',
    path: `/domains/{domain_id}/config/${security}`,
    summary: 'Show what passwords have to be like',
    policy: rules.security,
    answer: ConfigPart,
    handle: async (context) => securityConfig(context),
  }),
  operation({
    ...common,
    id: 'domain-config.show-security-option',
    method: 'GET',
    path: `/domains/{domain_id}/config/${security}/{option}`,
    summary: 'Show one part of what passwords have to be like',
    policy: rules.security,
    answer: ConfigPart,
    handle: async (context) => securityConfig(context),
  }),
]

const defaultPaths = ['/domains/config/default', '/domains/config/{group}/default', '/domains/config/{group}/{option}/default'] as const
const places = ['the configuration of a domain', 'one group of it', 'one option of it']

export const domainConfig = [
  create,
  ...securityOperations,
  ...defaultPaths.map((path, index) =>
    operation({
      ...common,
      id: `domain-config.show-default${names[index]}`,
      method: 'GET',
      path,
      summary: `Show what holds where a domain has no configuration: ${index === 0 ? 'everything' : places[index]}`,
      policy: rules.defaults,
      answer: ConfigPart,
      async handle(context) {
        const { group, option } = placeOf(context)
        return { config: defaults(group, option) }
      },
    }),
  ),
  ...paths.flatMap((path, index) => [
    operation({
      ...common,
      id: `domain-config.show${names[index]}`,
      method: 'GET',
      path,
      summary: `Show ${places[index]}`,
      on: domain,
      policy: rules.get,
      answer: ConfigPart,
      handle: (context) => read(context),
    }),
    operation({
      ...common,
      id: `domain-config.update${names[index]}`,
      method: 'PATCH',
      path,
      summary: `Change ${places[index]}`,
      body: ConfigBody,
      on: domain,
      policy: rules.update,
      answer: Config,
      handle: (context) => change(context),
    }),
    operation({
      ...common,
      id: `domain-config.delete${names[index]}`,
      method: 'DELETE',
      path,
      summary: `Delete ${places[index]}`,
      status: 204,
      on: domain,
      policy: rules.delete,
      handle: (context) => remove(context),
    }),
  ]),
]
