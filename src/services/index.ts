// All services, in the order in which they begin.
import type { ServiceDeclaration } from '../api/service.ts'
import type { Cloud } from '../cloud.ts'
import { computeFacade } from './compute/facade.ts'
import { compute } from './compute/index.ts'
import type { Facades } from './facades.ts'
import { identityFacade } from './identity/facade.ts'
import { identity } from './identity/index.ts'
import { imageFacade } from './image/facade.ts'
import { image } from './image/index.ts'
import { networkFacade } from './network/facade.ts'
import { network } from './network/index.ts'
import { objectStoreFacade } from './object-store/facade.ts'
import { objectStore } from './object-store/index.ts'

export const services: ServiceDeclaration[] = [identity, image, network, compute, objectStore]

/** What services may call of each other, bound to the cloud. */
export const facades = (cloud: Cloud): Facades => ({
  identity: identityFacade(cloud),
  objectStore: objectStoreFacade(cloud),
  image: imageFacade(cloud, objectStoreFacade(cloud)),
  network: networkFacade(cloud),
  compute: computeFacade(cloud),
})
