// POST /v2/images/{id}/import: what was staged, or what is at an address, becomes the data of the image.
import { Type } from 'typebox'
import { badRequest, conflict, forbidden } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { Closed } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { namedStore } from '../data/upload.ts'
import { importMethods } from '../images/import-headers.ts'
import { activeLocations } from '../images/locations.ts'
import { images } from '../images/resource.ts'
import { updateImage } from '../images/update.ts'
import { admin } from '../rules.ts'
import { startImport } from './start.ts'

export const importRules = [rule('copy_image', admin, 'Copy the data of an image to other stores.')]

export const importImage = operation({
  id: 'images.import',
  method: 'POST',
  path: '/images/{image_id}/import',
  summary: 'Import the data of an image',
  catalog: [],
  body: Closed({
    method: Type.Object({ name: Type.String({ maxLength: 255 }), uri: Type.Optional(Type.String({ maxLength: 2048 })) }),
    stores: Type.Optional(Type.Array(Type.String({ maxLength: 255 }), { maxItems: 100 })),
    all_stores: Type.Optional(Type.Boolean()),
    all_stores_must_succeed: Type.Optional(Type.Boolean()),
  }),
  status: 202,
  policy: updateImage.policy,
  on: images,
  async handle(context) {
    const { body, image, allows, cloud, tx } = context
    const { all_stores } = body
    const known = cloud.image.stores
    let stores = [...new Set(body.stores)]
    const name = importMethods.find((method) => method === body.method.name)
    if (!name) throw badRequest(`Unknown import method name '${body.method.name.slice(0, 60)}'.`)
    if (all_stores && stores.length) throw badRequest('All_stores parameter cannot be used with stores parameter.')
    const unknown = stores.find((store) => !known.get(store))
    if (unknown !== undefined) throw conflict(`Store ${unknown.slice(0, 60)} does not exist.`)
    if (name === 'web-download' && body.method.uri === undefined) throw badRequest("'uri' is needed for the import method web-download.")
    if (name === 'copy-image') {
      if (!allows('copy_image')) throw forbidden('You are not authorized to complete copy_image action.')
    }
    if (all_stores) stores = known.all.map(({ id }) => id)
    else if (!stores.length) stores = [namedStore(cloud, context.headers['x-image-meta-store'])]
    if (name === 'copy-image') {
      const there = new Set((await activeLocations(tx.db, image.id)).map(({ store }) => store))
      const again = stores.find((store) => there.has(store))
      if (again !== undefined && !all_stores) throw conflict(`Image is already present at store '${again}'`)
      stores = stores.filter((store) => !there.has(store))
    }
    const input = { image_id: image.id, import_req: body, backend: stores }
    const request = { imageId: image.id, method: name, uri: body.method.uri ?? null, type: 'api_image_import', input, stores } as const
    await startImport(context, { ...request, allMustSucceed: body.all_stores_must_succeed ?? true })
  },
})
