// All that a guest may read about itself, as files: the metadata service and the config drive show the same tree.
import type { ServerPort } from '../../network/facade.ts'
import { defaultZone } from '../scheduler/pick-host.ts'
import type { Server } from '../servers/store.ts'
import { networkData } from './network-data.ts'

/** Formats of OpenStack's own tree, and which files each has besides meta_data.json and user_data. */
const versions: [name: string, files: ('vendor_data.json' | 'network_data.json')[]][] = [
  ['2012-08-10', []],
  ['2013-04-04', []],
  ['2013-10-17', ['vendor_data.json']],
  ['2015-10-15', ['vendor_data.json', 'network_data.json']],
  ['latest', ['vendor_data.json', 'network_data.json']],
]
const ec2Versions = ['2009-04-04', 'latest']
const domain = 'novalocal'

export const instanceName = (seq: number): string => `instance-${seq.toString(16).padStart(8, '0')}`

/** Path to content. `seed` is random text for the guest's entropy pool. */
export function metadataTree(server: Server, ports: ServerPort[], seed: string): Record<string, string> {
  const tree: Record<string, string> = {}
  const userData = server.user_data === null ? null : Buffer.from(server.user_data, 'base64').toString('utf8')
  const files = server.personality.map(({ path, contents }, index) => {
    const content_path = `/content/${String(index).padStart(4, '0')}`
    tree[`openstack${content_path}`] = Buffer.from(contents, 'base64').toString('utf8')
    return { path, content_path }
  })
  const hostname = `${server.hostname}.${domain}`
  const zone = server.availability_zone ?? defaultZone
  const metaData = JSON.stringify({
    uuid: server.id,
    name: server.name,
    hostname,
    launch_index: server.launch_index,
    availability_zone: zone,
    project_id: server.project_id,
    ...(Object.keys(server.metadata).length ? { meta: server.metadata } : {}),
    ...(server.public_key === null || server.key_name === null
      ? {}
      : {
          public_keys: { [server.key_name]: server.public_key },
          keys: [{ name: server.key_name, type: 'ssh', data: server.public_key }],
        }),
    ...(server.admin_pass === null ? {} : { admin_pass: server.admin_pass }),
    ...(files.length ? { files } : {}),
    random_seed: seed,
  })
  const more = { 'vendor_data.json': '{}', 'network_data.json': JSON.stringify(networkData(ports)) }
  for (const [version, names] of versions) {
    tree[`openstack/${version}/meta_data.json`] = metaData
    if (userData !== null) tree[`openstack/${version}/user_data`] = userData
    for (const name of names) tree[`openstack/${version}/${name}`] = more[name]
  }
  const ec2 = ec2Data(server, ports, hostname, zone)
  for (const version of ec2Versions) {
    for (const [name, value] of Object.entries(ec2)) tree[`${version}/meta-data/${name}`] = value
    if (userData !== null) tree[`${version}/user-data`] = userData
  }
  return tree
}

function ec2Data(server: Server, ports: ServerPort[], hostname: string, zone: string): Record<string, string> {
  const fixed = ports.flatMap((port) => port.fixedIps)
  const groups = [...new Set(ports.flatMap((port) => port.securityGroups.map((group) => group.name)))]
  return {
    'ami-id': server.image_id ?? '',
    'ami-launch-index': String(server.launch_index),
    'ami-manifest-path': 'FIXME',
    'block-device-mapping/ami': 'vda',
    'block-device-mapping/root': '/dev/vda',
    hostname,
    'instance-action': 'none',
    'instance-id': `i-${server.seq.toString(16).padStart(8, '0')}`,
    'instance-type': server.flavor.name,
    'local-hostname': hostname,
    'local-ipv4': fixed.find((ip) => ip.ipVersion === 4)?.ip ?? '',
    'placement/availability-zone': zone,
    'public-hostname': hostname,
    'public-ipv4': fixed.flatMap((ip) => ip.floatingIps)[0] ?? '',
    ...(server.public_key === null ? {} : { 'public-keys/0/openssh-key': server.public_key }),
    'reservation-id': server.reservation_id,
    'security-groups': groups.join('\n'),
  }
}

/** The admin password in a tree that was made before. */
export function adminPassIn(tree: Record<string, string>): string | null {
  const text = tree['openstack/latest/meta_data.json']
  return text === undefined ? null : ((JSON.parse(text) as { admin_pass?: string }).admin_pass ?? null)
}

/** The random seed in a tree that was made before. */
export const seedIn = (tree: Record<string, string>): string =>
  (JSON.parse(tree['openstack/latest/meta_data.json'] ?? '{}') as { random_seed?: string }).random_seed ?? ''
