// OS-KVALIDATE (reference 10.5): the token to look at comes in a header, so that it is in no log of addresses.
import { Type } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import { type BaseContext, operation, resource } from '../../../api/operation.ts'
import type { Who } from '../../../auth/who.ts'
import { versionOf } from '../endpoint-templates/view.ts'
import { tokenRules } from '../tokens/subject.ts'
import { rolesFor, v2 } from './common.ts'
import { PageQuery, page } from './page.ts'
import { Access, Paged, ValidatedEndpoint } from './schema.ts'
import { accessView, serviceCatalog } from './token-view.ts'
import { BelongsTo, findV2Token } from './tokens.ts'

const header = ({ headers }: BaseContext) => String(headers['x-subject-token'] ?? '')
const subject = resource<'subject', Who>({
  name: 'subject',
  param: '',
  load: (_id, context) => findV2Token(header(context), context),
  target: (who) => ({ target: { token: { user_id: who.user.id } } }),
  missing: () => 'Could not find token.',
})
const ids = (name: string) => [`identity-v2.0-ext.os-kvalidate-admin-extension.${name}`]

export const v2Validate = [
  operation({
    ...v2,
    id: 'v2.kvalidate.validate',
    method: 'GET',
    path: '/OS-KVALIDATE/token/validate',
    on: subject,
    summary: 'Validate token',
    catalog: ids('validate-token'),
    policy: tokenRules.validate,
    query: Type.Object({ ...BelongsTo.properties, 'HP-IDM-serviceId': Type.Optional(Type.String()) }),
    answer: Access,
    async handle(context) {
      const { access } = await accessView(context.cloud, header(context), context.subject, null)
      const roles = rolesFor(access.user.roles, context.rawQuery.get('HP-IDM-serviceId'))
      return { access: { ...access, user: { ...access.user, roles } } }
    },
  }),
  operation({
    ...v2,
    id: 'v2.kvalidate.check',
    method: 'HEAD',
    path: '/OS-KVALIDATE/token/validate',
    on: subject,
    summary: 'Check token',
    catalog: ids('check-token'),
    policy: tokenRules.check,
    query: BelongsTo,
    handle: async () => undefined,
  }),
  operation({
    ...v2,
    id: 'v2.kvalidate.endpoints',
    method: 'GET',
    path: '/OS-KVALIDATE/token/endpoints',
    on: subject,
    summary: 'List endpoints for token',
    catalog: ids('list-endpoints-for-token'),
    policy: tokenRules.validate,
    query: Type.Object({ ...BelongsTo.properties, ...PageQuery.properties }),
    answer: Paged('endpoints', ValidatedEndpoint),
    async handle(context) {
      const { db, subject } = context
      const { project } = subject
      if (!project) throw notFound('The token has no tenant and so no endpoints.')
      const services = await serviceCatalog(db, project.id, (url) => context.cloud.endpoints.shown(url, context.request))
      const all = services.flatMap(({ type, name, endpoints }) =>
        endpoints.map((endpoint) => ({ ...endpoint, ...versionOf(endpoint.publicURL), tenantId: project.id, type, name, status: 'OK' })),
      )
      const { rows, links } = page(context, '/OS-KVALIDATE/token/endpoints', all)
      return { endpoints: rows, endpoints_links: links }
    },
  }),
]
