// GET /v2/info/stores and its details (version 2.8 and later): which stores there are.
import { type Static, Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { admin, tokenOnly } from '../rules.ts'
import type { Stores } from './index.ts'

const store = {
  id: Type.String(),
  description: Type.String(),
  /** Only of the default one. */
  default: Type.Optional(Type.Literal(true)),
}
const Store = Type.Object(store)
/** Each kind of store has properties of its own. */
const StoreDetails = Type.Object({
  ...store,
  type: Type.String(),
  weight: Type.Integer(),
  properties: Type.Record(Type.String(), Type.Unknown()),
})

const summaries = (stores: Stores): Static<typeof Store>[] =>
  stores.all.map(({ id, description }) => ({ id, description, ...(id === stores.default.id ? { default: true } : {}) }))

export const listStores = operation({
  id: 'info.stores',
  method: 'GET',
  path: '/info/stores',
  summary: 'List the stores of image data',
  catalog: [],
  answer: Type.Object({ stores: Type.Array(Store) }),
  policy: tokenOnly,
  handle: async ({ cloud }) => ({ stores: summaries(cloud.image.stores) }),
})

export const listStoreDetails = operation({
  id: 'info.stores_detail',
  method: 'GET',
  path: '/info/stores/detail',
  summary: 'List the stores of image data with their properties',
  catalog: [],
  answer: Type.Object({ stores: Type.Array(StoreDetails) }),
  policy: rule('stores_info_detail', admin, 'List stores of image data with their properties.'),
  async handle({ cloud }) {
    const { stores } = cloud.image
    const details = stores.all.map(({ type, weight, properties }) => ({ type, weight, properties }))
    return { stores: summaries(stores).map((store, index) => ({ ...store, ...details[index] })) }
  },
})
