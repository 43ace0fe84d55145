import type { IncomingMessage } from 'node:http'
import { Type } from 'typebox'
import { operation, reply } from '../../../api/operation.ts'
import type { Who } from '../../../auth/who.ts'
import type { Cloud } from '../../../cloud.ts'
import { clientScheme } from '../../../http/forwarded.ts'
import { catalogFor } from '../catalog.ts'
import { enabledServiceProviders } from '../federation/store.ts'
import { TokenAnswer } from './answer.ts'
import { subject, tokenRules } from './subject.ts'
import { tokenView } from './view.ts'

/** Answers by what they answer: a Who is one generation of identity data, and found no more in the next. Some kB each, so not for ever more of them. */
const withCatalog = new Map<Who, Buffer>()
const withoutCatalog = new Map<Who, Buffer>()
const most = 2000

async function answerFor(cloud: Cloud, request: IncomingMessage, who: Who, nocatalog: boolean): Promise<Buffer> {
  const remembered = nocatalog ? withoutCatalog : withCatalog
  const byProxy = clientScheme(request) === 'https' // its addresses are others
  const known = byProxy ? undefined : remembered.get(who)
  if (known) return known
  const scoped = who.project || who.domain || who.system
  const catalog =
    scoped && !nocatalog
      ? await catalogFor(cloud.database.read, who.project?.id ?? null, (url) => cloud.endpoints.shown(url, request))
      : null
  const made = Buffer.from(JSON.stringify(tokenView(who, catalog, await enabledServiceProviders(cloud.database.read))))
  if (byProxy) return made
  if (remembered.size >= most) remembered.delete(remembered.keys().next().value!)
  remembered.set(who, made)
  return made
}

const Query = Type.Object({ nocatalog: Type.Optional(Type.String()), allow_expired: Type.Optional(Type.String()) })
const common = { path: '/auth/tokens', majors: ['v3'], on: subject } as const

/** Reference 6.2.2. */
export const validateToken = operation({
  ...common,
  id: 'tokens.validate',
  method: 'GET',
  summary: 'Validate a token and show what it holds',
  catalog: ['identity-v3.tokens.validate-token'],
  query: Query,
  policy: tokenRules.validate,
  answer: TokenAnswer,
  async handle({ cloud, subject, query, request }) {
    const body = await answerFor(cloud, request, subject, query.nocatalog !== undefined)
    return reply({
      headers: {
        'content-type': 'application/json',
        'x-subject-token': request.headers['x-subject-token'] as string,
        vary: 'X-Auth-Token',
      },
      body,
    })
  },
})

/** Reference 6.2.3. */
export const checkToken = operation({
  ...common,
  id: 'tokens.check',
  method: 'HEAD',
  summary: 'Check a token',
  catalog: ['identity-v3.tokens.check-token'],
  query: Query,
  policy: tokenRules.check,
  handle: async ({ request }) =>
    reply({ headers: { 'x-subject-token': request.headers['x-subject-token'] as string, vary: 'X-Auth-Token' } }),
})
