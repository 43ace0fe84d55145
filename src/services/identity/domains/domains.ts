// Domains (reference 6.5): each holds users, groups, projects and roles of its own.
import { type Static, Type } from 'typebox'
import { conflict } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { findProject } from '../../../auth/store.ts'
import type { Project } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { Description, Extended, missing, Options, open, SelfLink, ShortName } from '../attributes.ts'
import { collection, isOn, listed, partOf } from '../collection.ts'
import { addProject } from '../projects/create.ts'
import { tagFilter } from '../projects/read.ts'
import { tagFilters } from '../projects/resource.ts'
import { Tags } from '../projects/schema.ts'
import { isIdTaken, projectQuery } from '../projects/store.ts'
import { changeProject } from '../projects/update.ts'
import { adminRequired, cloudRule } from '../rules.ts'
import { removeDomain } from './delete.ts'

const attributes = {
  description: Type.Optional(Description),
  enabled: Type.Optional(Type.Boolean()),
  tags: Type.Optional(Tags),
  options: Type.Optional(Options),
}
/** As ids are made here: so that a domain of another cloud can be had with its own. */
const explicit = { explicit_domain_id: Type.Optional(Type.String({ pattern: '^[0-9a-f]{32}$' })) }
const Create = Type.Object({ domain: Type.Object({ name: ShortName, ...attributes, ...explicit }) })
const Update = Type.Object({ domain: Type.Object({ name: Type.Optional(ShortName), ...attributes }, { minProperties: 1 }) })
const unknownToDomains = ['is_domain', 'parent_id', 'domain_id', 'explicit_domain_id']

export const findDomain = async (db: Db, id: string): Promise<Project | undefined> => {
  const row = await findProject(db, id)
  return row?.is_domain ? row : undefined
}

export const domain = resource({
  name: 'domain',
  param: 'domain_id',
  load: (id, { db }) => findDomain(db, id),
  target: (row) => ({ target: { domain: { id: row.id, name: row.name } } }),
  missing: missing('domain'),
  hidden: true,
})

const readers = 'rule:admin_required or (role:reader and system_scope:all)'
const rules = {
  get: rule(
    'identity:get_domain',
    `${readers} or token.domain.id:%(target.domain.id)s or token.project.domain.id:%(target.domain.id)s`,
    'Show domain details.',
  ),
  list: rule('identity:list_domains', `${readers} or (role:reader and domain_id:%(target.domain.id)s)`, 'List domains.'),
  create: cloudRule('identity:create_domain', adminRequired, 'Create a domain.'),
  update: cloudRule('identity:update_domain', adminRequired, 'Update a domain.'),
  delete: cloudRule('identity:delete_domain', adminRequired, 'Delete a domain.'),
}

/** A domain as it is shown (reference 6.5). */
export const Domain = Extended({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  enabled: Type.Boolean(),
  tags: Tags,
  options: Options,
  links: SelfLink,
})

export const domainView = (row: Project, { href }: { href(path: string): string }): Static<typeof Domain> => ({
  ...row.extra,
  id: row.id,
  name: row.name,
  description: row.description,
  enabled: row.enabled,
  tags: row.tags,
  options: row.options,
  links: { self: href(`/domains/${row.id}`) },
})

const filters = { name: 'name', enabled: isOn('enabled'), description: partOf('description') }
const domainList = collection({ many: 'domains', filters: { ...filters, ...tagFilters } })
/** The domains that somebody can have a token for. */
export const domainScopeList = collection({ many: 'domains', path: '/auth/domains', filters })

const without = <T extends object>(body: T) =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !unknownToDomains.includes(name))) as T

const list = operation({
  id: 'domains.list',
  method: 'GET',
  path: '/domains',
  majors: ['v3'],
  summary: 'List domains',
  catalog: ['identity-v3.domains.list-domains'],
  policy: rules.list,
  policyTarget: ({ who }) => ({ target: { domain: { id: who.domain?.id } } }),
  query: domainList.query,
  answer: domainList.answer(Domain),
  async handle(context) {
    const { who, db, rawQuery } = context
    const query = projectQuery(db, true, tagFilter(rawQuery), who.domain ? [who.domain.id] : undefined)
    return listed(context, domainList, query, (rows) => rows.map((row) => domainView(row, context)))
  },
})

const show = operation({
  id: 'domains.show',
  method: 'GET',
  path: '/domains/{domain_id}',
  majors: ['v3'],
  summary: 'Show domain details',
  catalog: ['identity-v3.domains.show-domain-details'],
  on: domain,
  policy: rules.get,
  answer: Type.Object({ domain: Domain }),
  handle: async (context) => ({ domain: domainView(context.domain, context) }),
})

const create = operation({
  id: 'domains.create',
  method: 'POST',
  path: '/domains',
  majors: ['v3'],
  summary: 'Create a domain',
  catalog: ['identity-v3.domains.create-domain'],
  body: Create,
  status: 201,
  policy: rules.create,
  answer: Type.Object({ domain: Domain }),
  async handle(context) {
    const { cloud, tx, body, now } = context
    const { explicit_domain_id: id } = body.domain
    if (id !== undefined && (await isIdTaken(tx.db, id)))
      throw conflict(`Conflict occurred attempting to store domain - Duplicate entry found with ID ${id}.`)
    return { domain: domainView(await addProject(cloud, tx, { ...without(body.domain), is_domain: true }, '', now, id), context) }
  },
})

const update = operation({
  id: 'domains.update',
  method: 'PATCH',
  path: '/domains/{domain_id}',
  majors: ['v3'],
  summary: 'Update a domain',
  catalog: ['identity-v3.domains.update-domain'],
  body: Update,
  on: open(domain),
  policy: rules.update,
  answer: Type.Object({ domain: Domain }),
  handle: async (context) => ({
    domain: domainView(await changeProject(context.cloud, context.tx, context.domain, without(context.body.domain)), context),
  }),
})

const remove = operation({
  id: 'domains.delete',
  method: 'DELETE',
  path: '/domains/{domain_id}',
  majors: ['v3'],
  summary: 'Delete a domain',
  catalog: ['identity-v3.domains.delete-domain'],
  status: 204,
  on: domain,
  policy: rules.delete,
  handle: ({ cloud, tx, domain, now }) => removeDomain(cloud, tx, domain, now),
})

export const domains = [list, create, show, update, remove]
