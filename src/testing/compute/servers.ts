// What compute's tests begin with.
import assert from 'node:assert/strict'
import { makeImage, makeServer } from '../make.ts'
import type { Persona } from '../persona.ts'
import type { TestCloud } from '../test-cloud.ts'

export interface Ground {
  member: Persona
  imageId: string
  networkId: string
}

/** A project with an image, and a network with one subnet. */
export async function ground(cloud: TestCloud, project?: string): Promise<Ground> {
  const member = await cloud.as('member', project)
  const network = (await member.post('/network/v2.0/networks', { network: { name: 'net' } }, 201)).body.network
  await member.post('/network/v2.0/subnets', { subnet: { network_id: network.id, ip_version: 4, cidr: '10.20.0.0/24' } }, 201)
  const imageId = await makeImage(member)
  await cloud.settled()
  return { member, imageId, networkId: network.id }
}

/** A server on the ground's network that is ACTIVE; gives its id. */
export async function activeServer(cloud: TestCloud, { member, imageId, networkId }: Ground, more: object = {}): Promise<string> {
  const { id } = await makeServer(member, imageId, { networks: [{ uuid: networkId }], ...more })
  await cloud.settled()
  assert.equal(await statusOf(member, id), 'ACTIVE')
  return id
}

export const statusOf = async (member: Persona, id: string): Promise<string> =>
  (await member.get(`/compute/v2.1/servers/${id}`)).body.server.status

/** Asserts that nothing of servers is left: on the host, of claims, ports and quota. */
export async function assertNoResidue(cloud: TestCloud): Promise<void> {
  const { read } = cloud.cloud.database
  assert.deepEqual(cloud.host.inventory().guest, [])
  assert.deepEqual(cloud.host.inventory().port, [])
  const documents = await read.selectFrom('host_documents').select('id').where('kind', 'in', ['guest', 'port']).execute()
  assert.deepEqual(documents, [])
  const usage = await read.selectFrom('compute_host_usage').select(['vcpus', 'ram_mib', 'disk_gib', 'servers']).execute()
  for (const row of usage) assert.deepEqual({ ...row }, { vcpus: 0, ram_mib: 0, disk_gib: 0, servers: 0 })
  const quota = await read.selectFrom('quota_usages').selectAll().where('resource', 'like', 'compute.%').where('in_use', '<>', 0).execute()
  assert.deepEqual(quota, [])
  const ports = await read.selectFrom('network_ports').select('id').where('bound_server', 'is not', null).execute()
  assert.deepEqual(ports, [])
}
