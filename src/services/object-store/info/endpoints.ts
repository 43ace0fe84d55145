import { Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import { accountPrefix, authorize } from '../access/authorize.ts'

/** Headers are those that requests to these addresses need. */
const Endpoints = Type.Object({ endpoints: Type.Array(Type.String()), headers: Type.Record(Type.String(), Type.String()) })

/** Where the data is: with one machine that is the service itself. Only those who own the account learn it. */
export const showEndpoints = operation({
  id: 'endpoints.show',
  method: 'GET',
  path: '/endpoints/{path*}',
  summary: 'List endpoints',
  catalog: [],
  auth: 'optional',
  policy: null,
  majors: ['', 'v1'],
  answer: Type.Union([Type.Array(Type.String()), Endpoints]),
  async handle(context) {
    const parts = context.params.path.split('/')
    // `/endpoints/v2/ACCOUNT` and, as the oldest version, `/endpoints/ACCOUNT`.
    const version = /^v\d(\.\d)?$/.test(parts[0] ?? '') ? parts.shift() : 'v1'
    const [account = '', ...rest] = parts
    authorize(context, account, 'own-read')
    const address = encodeURI(context.href(`//v1/${[account, ...rest].join('/')}`))
    return version === 'v1' || version === 'v1.0' ? [address] : { endpoints: [address], headers: { 'X-Backend-Storage-Policy-Index': '0' } }
  },
})

export const showOwnEndpoints = operation({
  id: 'endpoints.own',
  method: 'GET',
  path: '/endpoints',
  summary: "List endpoints of the asker's own account",
  catalog: ['object-store-v1.endpoints.list-endpoints'],
  policy: null,
  majors: ['v1'],
  answer: Endpoints,
  async handle(context) {
    const account = accountPrefix + (context.who.project?.id ?? '')
    authorize(context, account, 'own-read')
    return { endpoints: [context.href(`//v1/${account}`)], headers: {} }
  },
})
