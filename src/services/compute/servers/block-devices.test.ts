import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ground } from '../../../testing/compute/servers.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const path = '/compute/v2.1/servers'

test('a block device that is not built is told by what was asked for, and the image itself is no such', async () => {
  await using cloud = await testCloud()
  const { member, imageId, networkId } = await ground(cloud)
  const uuid = cloud.cloud.environment.uuid()
  const root = { source_type: 'image', destination_type: 'local', boot_index: 0, uuid: imageId, delete_on_termination: true }
  const ask = (devices: unknown, expected: number, more: object = {}) => {
    const server = { name: 'a', flavorRef: '42', imageRef: imageId, networks: [{ uuid: networkId }], block_device_mapping_v2: devices }
    return member.post(path, { server: { ...server, ...more } }, expected)
  }
  const refused: [object[], RegExp][] = [
    [[root, { source_type: 'blank', destination_type: 'local', boot_index: -1, volume_size: 1 }], /^An ephemeral disk of its own size is/],
    [
      [root, { source_type: 'blank', destination_type: 'local', boot_index: '-1', guest_format: 'swap' }],
      /^A swap disk of its own size is/,
    ],
    [[root, { source_type: 'blank', destination_type: 'volume', volume_size: '1' }], /^A server with a new empty volume is/],
    [[{ source_type: 'volume', destination_type: 'volume', boot_index: 0, uuid }], /^Booting from a volume is/],
    [[{ source_type: 'image', destination_type: 'volume', boot_index: 0, uuid }], /^Booting from a volume made of an image is/],
    [[root, { source_type: 'snapshot', destination_type: 'volume', boot_index: 1, uuid }], /^A server with a volume made of a snapshot is/],
    [[root, { source_type: 'image', destination_type: 'local', boot_index: 1, uuid }], /^A second image as a local disk is/],
  ]
  for (const [devices, words] of refused) assert.match((await ask(devices, 501)).body.notImplemented.message, words)
  const old = { block_device_mapping: [{ device_name: 'vda', volume_id: uuid }] }
  assert.match((await ask([], 501, old)).body.notImplemented.message, /^A server with volumes/)
  for (const wrong of [
    ['x'],
    [null],
    [{}],
    [{ source_type: 'nothing' }],
    [{ ...root, uuid: null }],
    [{ ...root, uuid }],
    [root, root],
    'x',
  ])
    await ask(wrong, 400)
  await ask([root], 202)
  await ask([root], 202, { imageRef: '' })
  await ask([{ ...root, uuid: null }], 400, { imageRef: '' })
})
