// JSON schemas of images and members as clients fetch them (reference 11.6). What a client may send is checked elsewhere, by the same lists.
import { containerFormats, diskFormats, ImageId, visibilities } from '../images/schema.ts'

const nullable = (type: 'string' | 'integer', more: object) => ({ type: ['null', type], ...more })
const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more })
const readOnly = { readOnly: true }
const id = ImageId as unknown as { pattern: string }

const base = {
  id: text('An identifier for the image', { pattern: id.pattern }),
  name: nullable('string', { description: 'Descriptive name for the image', maxLength: 255 }),
  status: text('Status of the image', {
    ...readOnly,
    enum: ['queued', 'saving', 'active', 'killed', 'deleted', 'uploading', 'importing', 'pending_delete', 'deactivated'],
  }),
  visibility: text('Scope of image accessibility', { enum: [...visibilities] }),
  protected: { type: 'boolean', description: 'If true, image will not be deletable.' },
  os_hidden: { type: 'boolean', description: 'If true, image will not appear in default image list response.' },
  checksum: nullable('string', { ...readOnly, description: 'md5 hash of image contents.', maxLength: 32 }),
  os_hash_algo: nullable('string', { ...readOnly, description: 'Algorithm of os_hash_value', maxLength: 64 }),
  os_hash_value: nullable('string', { ...readOnly, description: 'Hexadecimal hash of the image contents', maxLength: 128 }),
  owner: nullable('string', { description: 'Owner of the image', maxLength: 255 }),
  size: nullable('integer', { ...readOnly, description: 'Size of image file in bytes' }),
  virtual_size: nullable('integer', { ...readOnly, description: 'Virtual size of image in bytes' }),
  container_format: nullable('string', { description: 'Format of the container', enum: [null, ...containerFormats] }),
  disk_format: nullable('string', { description: 'Format of the disk', enum: [null, ...diskFormats] }),
  created_at: text('Date and time of image registration', readOnly),
  updated_at: text('Date and time of the last image modification', readOnly),
  tags: { type: 'array', description: 'List of strings related to the image', items: { type: 'string', maxLength: 255 } },
  min_ram: { type: 'integer', description: 'Amount of ram (in MB) required to boot image.' },
  min_disk: { type: 'integer', description: 'Amount of disk space (in GB) required to boot image.' },
  direct_url: text('URL of the data in its store', readOnly),
  locations: {
    type: 'array',
    description: 'URLs of the data in its stores, each with metadata',
    items: {
      type: 'object',
      required: ['url', 'metadata'],
      properties: { url: { type: 'string', maxLength: 255 }, metadata: { type: 'object' } },
    },
  },
  self: text('An image self url', readOnly),
  file: text('An image file url', readOnly),
  schema: text('An image schema url', readOnly),
}

/** Properties that are widely known, but not part of every image. */
const wellKnown = {
  architecture: text('Operating system architecture', { is_base: false }),
  instance_uuid: text('ID of the server that this image was made of.', { is_base: false }),
  kernel_id: nullable('string', {
    description: 'ID of the image that is the kernel of an AMI-style image.',
    pattern: id.pattern,
    is_base: false,
  }),
  ramdisk_id: nullable('string', {
    description: 'ID of the image that is the ramdisk of an AMI-style image.',
    pattern: id.pattern,
    is_base: false,
  }),
  os_distro: text('Common name of the operating system distribution', { is_base: false }),
  os_version: text('Operating system version as specified by the distributor', { is_base: false }),
}

const links = [
  { rel: 'self', href: '{self}' },
  { rel: 'enclosure', href: '{file}' },
  { rel: 'describedby', href: '{schema}' },
]

export const imageSchema = { name: 'image', properties: { ...base, ...wellKnown }, additionalProperties: { type: 'string' }, links }

/** A page of a collection: `key` holds entities of that schema. */
export const pageOf = (name: string, key: string, entity: object) => ({
  name,
  properties: { [key]: { type: 'array', items: entity }, schema: { type: 'string' }, first: { type: 'string' }, next: { type: 'string' } },
  links: [
    { rel: 'first', href: '{first}' },
    { rel: 'next', href: '{next}' },
    { rel: 'describedby', href: '{schema}' },
  ],
})

export const memberSchema = {
  name: 'member',
  properties: {
    created_at: text('Date and time of image member creation', readOnly),
    image_id: text('An identifier for the image', { pattern: id.pattern }),
    member_id: text('An identifier for the image member (tenantId)'),
    schema: text('An image member schema url', readOnly),
    status: text('The status of this image member', { enum: ['pending', 'accepted', 'rejected'] }),
    updated_at: text('Date and time of last modification of image member', readOnly),
  },
}

export const membersSchema = {
  name: 'members',
  properties: { members: { type: 'array', items: memberSchema }, schema: { type: 'string' } },
  links: [{ rel: 'describedby', href: '{schema}' }],
}
