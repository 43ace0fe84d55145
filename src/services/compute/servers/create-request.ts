// What a request for servers means: references become rows, and what cannot be is refused before anything is made.
import type { Static } from 'typebox'
import { badRequest, forbidden } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import type { GuestImage } from '../../../host/documents.ts'
import type { ImageForBoot } from '../../image/facade.ts'
import { isAdmin, ownProject, seenProject } from '../asker.ts'
import { findFlavor } from '../flavors/store.ts'
import type { FlavorRow } from '../flavors/tables.ts'
import { findKeypair } from '../keypairs/store.ts'
import { defaultZone } from '../scheduler/pick-host.ts'
import { findGroup } from '../server-groups/store.ts'
import { imageOfDevices } from './block-devices.ts'
import type { CreateServer } from './schema.ts'
import type { BootImages, SchedulerHints, WantedNic } from './tables.ts'

type Given = Static<typeof CreateServer>['server']
const uuid = /^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$/
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Ids are also given as the address of the thing. */
const idOf = (reference: string) => reference.replace(/\/+$/, '').split('/').at(-1)!

const formats: Record<string, 'raw' | 'qcow2'> = { raw: 'raw', qcow2: 'qcow2', ami: 'raw', aki: 'raw', ari: 'raw', iso: 'raw' }

function bootable(image: ImageForBoot): GuestImage {
  const format = formats[image.diskFormat ?? '']
  if (image.status !== 'active' || image.size === null || image.sha512 === null) throw badRequest(`Image ${image.id} is not active.`)
  if (!format || (image.containerFormat !== 'bare' && image.containerFormat !== image.diskFormat)) {
    throw badRequest(`Image ${image.id} is unacceptable: disk format ${image.diskFormat} in ${image.containerFormat} cannot be booted.`)
  }
  if (image.contentFault !== null) throw badRequest(`Image ${image.id} is unacceptable: ${image.contentFault}.`)
  return { id: image.id, format, size: image.size, sha512: image.sha512 }
}

async function findImages(context: BaseContext, given: Given): Promise<{ imageId: string; images: BootImages; image: ImageForBoot }> {
  const { cloud, db } = context
  const ofDevices = imageOfDevices(given.block_device_mapping, given.block_device_mapping_v2)
  const reference = given.imageRef || ofDevices
  if (!reference) throw badRequest('Invalid image: a server needs an imageRef.')
  const imageId = idOf(reference)
  if (ofDevices !== undefined && ofDevices !== imageId) {
    throw badRequest('Block Device Mapping is Invalid: its root disk is another image than imageRef.')
  }
  if (!uuid.test(imageId)) throw badRequest('Invalid imageRef provided.')
  const image = await cloud.image.find(db, imageId, context)
  if (!image) throw badRequest(`Can not find requested image`)
  const part = async (id: string | undefined) => {
    const found = id ? await cloud.image.find(db, id, context) : undefined
    if (id && !found) throw badRequest(`Image ${id} could not be found.`)
    return found ? bootable(found) : null
  }
  const { properties } = image
  const kernel = await part(properties.kernel_id)
  const ramdisk = await part(properties.ramdisk_id)
  const kernelArguments = properties.os_command_line ?? ''
  if (/\p{Cc}/u.test(kernelArguments)) throw badRequest(`Image ${imageId} is unacceptable: its os_command_line holds control characters.`)
  return { imageId, image, images: { disk: bootable(image), kernel, ramdisk, arguments: kernelArguments } }
}

function checkSizes(flavor: FlavorRow, image: ImageForBoot): void {
  if (flavor.ram < image.minRamMiB) throw badRequest("Flavor's memory is too small for requested image.")
  const bytes = image.virtualSize ?? (image.diskFormat === 'qcow2' ? 0 : (image.size ?? 0))
  if (flavor.disk > 0 && (flavor.disk < image.minDiskGiB || bytes > flavor.disk * 2 ** 30)) {
    throw badRequest("Flavor's disk is too small for requested image.")
  }
}

async function checkPersonality(context: BaseContext, files: NonNullable<Given['personality']>) {
  const { cloud, db } = context
  if (!files.length) return
  const limit = (name: string) => cloud.quota.limit(db, ownProject(context), `compute.${name}`)
  const [most, bytes, path] = [
    await limit('injected_files'),
    await limit('injected_file_content_bytes'),
    await limit('injected_file_path_bytes'),
  ]
  if (most >= 0 && files.length > most) throw forbidden('Quota exceeded, too many injected files.')
  for (const file of files) {
    if (path >= 0 && Buffer.byteLength(file.path) > path) throw forbidden('Quota exceeded, injected file path too long.')
    const text = file.contents.replaceAll(/\s/g, '')
    if (!base64.test(text)) throw badRequest(`Personality content for ${file.path} cannot be decoded`)
    if (bytes >= 0 && Buffer.byteLength(text, 'base64') > bytes) throw forbidden('Quota exceeded, injected file content too large.')
  }
}

/** The zone, and the host of `zone:host` that only administrators may choose. */
function placement(context: BaseContext, text: string | null | undefined): { zone: string | null; forcedHost?: string } {
  if (!text) return { zone: null }
  const [zone = '', host, node] = text.split(':')
  if (zone && zone !== defaultZone) throw badRequest('The requested availability zone is not available')
  if (host === undefined) return { zone: defaultZone }
  if (!context.allows('os_compute_api:servers:create:forced_host')) {
    throw forbidden("Policy doesn't allow os_compute_api:servers:create:forced_host to be performed.")
  }
  return { zone: zone || null, forcedHost: host || node }
}

const list = (ids: string | string[] | undefined) => (ids === undefined ? undefined : typeof ids === 'string' ? [ids] : ids)

function nics(given: Given): WantedNic[] | 'auto' {
  if (!given.networks?.length) return 'auto'
  return given.networks.map(({ uuid: networkId, port, fixed_ip }) => {
    if (!networkId && !port) throw badRequest('Bad networks format: network uuid is not in proper format (None)')
    if (port && fixed_ip) throw badRequest('Specified Fixed IP address cannot be used with port: the two error together.')
    return port ? { portId: port } : { networkId: networkId!, ...(fixed_ip ? { fixedIp: fixed_ip } : {}) }
  })
}

export interface ServerRequest {
  flavor: FlavorRow
  imageId: string
  images: BootImages
  zone: string | null
  hints: SchedulerHints
  /** The server group that the servers will belong to. */
  groupId: string | null
  nics: WantedNic[] | 'auto'
  securityGroups: string[]
  keyName: string | null
  publicKey: string | null
  userData: string | null
  minCount: number
  maxCount: number
}

/** Reads what a body asks for. Throws 400, 403, 404 or 409 as the reference says; changes nothing. */
export async function readRequest(context: BaseContext & { body: Static<typeof CreateServer> }): Promise<ServerRequest> {
  const { body, db, who, cloud } = context
  const given = body.server
  const projectId = ownProject(context)
  const flavorId = idOf(String(given.flavorRef))
  const flavor = await findFlavor(db, flavorId, seenProject(context))
  if (!flavor) throw badRequest(`Flavor ${flavorId} could not be found.`)
  const { imageId, image, images } = await findImages(context, given)
  checkSizes(flavor, image)
  const mostItems = await cloud.quota.limit(db, projectId, 'compute.metadata_items')
  if (mostItems >= 0 && Object.keys(given.metadata ?? {}).length > mostItems) {
    throw forbidden(`Maximum number of metadata items exceeds ${mostItems}`)
  }
  await checkPersonality(context, given.personality ?? [])
  const userData = given.user_data ?? null
  if (userData !== null && !base64.test(userData.replaceAll(/\s/g, ''))) throw badRequest('Userdata content cannot be decoded')
  const key = given.key_name ? await findKeypair(db, who.user.id, given.key_name) : undefined
  if (given.key_name && !key) throw badRequest(`Invalid key_name provided.`)
  const minCount = given.min_count ?? 1
  const maxCount = given.max_count ?? minCount
  if (minCount > maxCount) throw badRequest('min_count must be <= max_count')
  const wanted = body['os:scheduler_hints'] ?? body['OS-SCH-HNT:scheduler_hints']
  const group = wanted?.group ? await findGroup(db, projectId, wanted.group) : undefined
  if (wanted?.group && !group) throw badRequest(`Instance group ${wanted.group} could not be found.`)
  const { zone, forcedHost } = placement(context, given.availability_zone)
  if (forcedHost && !(await cloud.hosts.list(db)).some((host) => host.name === forcedHost)) {
    throw badRequest(`No valid host was found. Host ${forcedHost} could not be found.`)
  }
  const hints: SchedulerHints = {
    ...(wanted?.same_host ? { sameHost: list(wanted.same_host) } : {}),
    ...(wanted?.different_host ? { differentHost: list(wanted.different_host) } : {}),
    ...(forcedHost ? { forcedHost } : {}),
    ...(isAdmin(context) ? { asAdmin: true } : {}),
  }
  const request = {
    nics: nics(given),
    securityGroups: [...new Set((given.security_groups ?? []).map(({ name }) => name))],
  }
  if (!request.securityGroups.length) request.securityGroups.push('default')
  if (maxCount > 1 && request.nics !== 'auto' && request.nics.some((nic) => nic.portId || nic.fixedIp)) {
    throw badRequest('Unable to launch multiple instances with a single configured port ID or fixed IP.')
  }
  await cloud.network.checkNics(db, { projectId, credentials: who.credentials, ...request, count: minCount })
  return {
    flavor,
    imageId,
    images,
    zone,
    hints,
    groupId: group?.id ?? null,
    ...request,
    keyName: given.key_name ?? null,
    publicKey: key?.public_key ?? null,
    userData,
    minCount,
    maxCount,
  }
}

/** A host name as guests can have one: letters, digits and hyphens. */
export function hostnameOf(name: string, id: string): string {
  const made = name
    .normalize('NFKD')
    .replaceAll(/[ _.]/g, '-')
    .replaceAll(/[^A-Za-z0-9-]/g, '')
    .toLowerCase()
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '')
  return made || `server-${id}`
}
