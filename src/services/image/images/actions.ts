// Deactivate and reactivate (reference 11.2.6, 11.2.7): sub-paths, not action bodies.
import { forbidden } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { ownerMember } from '../rules.ts'
import type { ImageStatus } from '../tables.ts'
import { moveImage } from './machine.ts'
import { images } from './resource.ts'

const switching = (verb: 'deactivate' | 'reactivate', to: ImageStatus) =>
  operation({
    id: `images.${verb}`,
    method: 'POST',
    path: `/images/{image_id}/actions/${verb}`,
    summary: `${verb === 'deactivate' ? 'Deactivate' : 'Reactivate'} an image`,
    catalog: [`image-v2.images.${verb}-image`],
    status: 204,
    policy: rule(verb, ownerMember, `${verb === 'deactivate' ? 'Deactivate' : 'Reactivate'} an image.`),
    on: images,
    async handle({ image, tx, now }) {
      const isMoved = await moveImage(tx, image.id, verb, now)
      if (!isMoved && image.status !== to) throw forbidden(`Not allowed to ${verb} image in status '${image.status}'`)
    },
  })

export const deactivateImage = switching('deactivate', 'deactivated')
export const reactivateImage = switching('reactivate', 'active')
