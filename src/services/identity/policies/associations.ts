// Which endpoints a policy is for (OS-ENDPOINT-POLICY, as today's clients have it).
import { Type } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { missing } from '../attributes.ts'
import { WholeCollection, wholeCollection } from '../collection.ts'
import { adminOrSystemReader, adminRequired, cloudRule } from '../rules.ts'
import { Endpoint, endpoint, endpointView } from '../service-catalog/endpoints.ts'
import { findEndpoint, findRegion, findService } from '../service-catalog/store.ts'
import { Policy, policy, policyView } from './resource.ts'
import { associate, dissociate, endpointsFor, isAssociated, type Place, policyFor } from './store.ts'

type Params = Record<string, string>
const common = { majors: ['v3'], catalog: [] as string[] } as const
const none = () => notFound('No policy is associated with that.')

/** The place that the path names. Throws 404 for what is not there. */
async function placeOf({ db, params }: { db: BaseContext['db']; params: unknown }): Promise<Place> {
  const { endpoint_id = '', service_id = '', region_id = '' } = params as Params
  if (endpoint_id && !(await findEndpoint(db, endpoint_id))) throw notFound(missing('endpoint')(endpoint_id))
  if (service_id && !(await findService(db, service_id))) throw notFound(missing('service')(service_id))
  if (region_id && !(await findRegion(db, region_id))) throw notFound(missing('region')(region_id))
  return { endpoint_id, service_id, region_id }
}

function associationOperations(kind: 'endpoint' | 'service' | 'region_and_service', tail: string, what: string) {
  const one = { ...common, path: `/policies/{policy_id}/OS-ENDPOINT-POLICY${tail}` as string, on: policy, status: 204 } as const
  const check = cloudRule(`identity:check_policy_association_for_${kind}`, adminOrSystemReader, `Check whether a policy is for ${what}.`)
  const id = `policies.${kind.replaceAll('_', '-')}`
  return [
    operation({
      ...one,
      id: `${id}.associate`,
      method: 'PUT',
      summary: `Let a policy be for ${what}`,
      policy: cloudRule(`identity:create_policy_association_for_${kind}`, adminRequired, `Let a policy be for ${what}.`),
      handle: async (context) => associate(context.tx.db, context.policy.id, await placeOf(context)),
    }),
    ...(['GET', 'HEAD'] as const).map((method) =>
      operation({
        ...one,
        id: `${id}.check${method === 'GET' ? '-get' : ''}`,
        method,
        summary: `Check whether a policy is for ${what}`,
        policy: check,
        async handle(context) {
          if (!(await isAssociated(context.db, context.policy.id, await placeOf(context)))) throw none()
        },
      }),
    ),
    operation({
      ...one,
      id: `${id}.dissociate`,
      method: 'DELETE',
      summary: `Let a policy no longer be for ${what}`,
      policy: cloudRule(`identity:delete_policy_association_for_${kind}`, adminRequired, `Let a policy no longer be for ${what}.`),
      async handle(context) {
        if (!(await dissociate(context.tx.db, context.policy.id, await placeOf(context)))) throw none()
      },
    }),
  ]
}

const endpoints = operation({
  ...common,
  id: 'policies.endpoints',
  method: 'GET',
  path: '/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints',
  on: policy,
  summary: 'List the endpoints that a policy is for',
  policy: cloudRule('identity:list_endpoints_for_policy', adminOrSystemReader, 'List the endpoints that a policy is for.'),
  answer: WholeCollection('endpoints', Endpoint),
  handle: async (context) =>
    wholeCollection(
      context,
      'endpoints',
      `/policies/${context.policy.id}/OS-ENDPOINT-POLICY/endpoints`,
      (await endpointsFor(context.db, context.policy.id)).map((row) => endpointView(row, context)),
    ),
})

const ofEndpoint = cloudRule('identity:get_policy_for_endpoint', adminOrSystemReader, 'Show the policy that is for an endpoint.')
const show = (['GET', 'HEAD'] as const).map((method) =>
  operation({
    ...common,
    id: `policies.of-endpoint${method === 'GET' ? '' : '.check'}`,
    method,
    path: '/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy',
    on: endpoint,
    summary: 'Show the policy that is for an endpoint',
    policy: ofEndpoint,
    answer: Type.Object({ policy: Policy }),
    async handle(context) {
      const row = await policyFor(context.db, context.endpoint)
      if (!row) throw none()
      return { policy: policyView(row, context) }
    },
  }),
)

export const policyAssociations = [
  ...associationOperations('endpoint', '/endpoints/{endpoint_id}', 'an endpoint'),
  ...associationOperations('service', '/services/{service_id}', 'all endpoints of a service'),
  ...associationOperations(
    'region_and_service',
    '/services/{service_id}/regions/{region_id}',
    'the endpoints of a service in a region and below it',
  ),
  endpoints,
  ...show,
]
