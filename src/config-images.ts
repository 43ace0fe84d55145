// The settings of images: sizes, stores, imports; part of the table in config.ts.
import type { Setting } from './config.ts'

export interface ImageConfig {
  maxImageBytes: number
  importSchemes: string
  importPorts: string
  importPrivate: boolean
  /** Seconds. */
  importTime: number
  importDownloads: number
  importDownloadsOfProject: number
  imageStores: string | null
  imageCacheBytes: number
  showMultipleLocations: boolean
  imageDelayedDelete: boolean
  /** Seconds. */
  imageScrubTime: number
  importConversion: 'off' | 'raw' | 'qcow2'
  /** Seconds. */
  importConversionTime: number
  importDecompression: boolean
  importProperties: string | null
}

const setting = <Name extends keyof ImageConfig>(
  name: Name,
  type: Setting['type'],
  value: ImageConfig[Name],
  argument: string,
  sentence: string,
  shown?: string,
) => ({ name, type, default: value, argument, sentence, shown }) as Setting

const parts = (text: string) => text.split(',').map((part) => part.trim())
const schemesFault = (text: string): [string] | undefined =>
  parts(text).every((part) => /^https?$/.test(part)) ? undefined : ['http, https or http,https']
const isPort = (part: string) => /^\d{1,5}$/.test(part) && Number(part) > 0 && Number(part) < 65536
const portsFault = (text: string): [string] | undefined =>
  text === 'any' || parts(text).every(isPort) ? undefined : ['any, or numbers of ports separated by commas, as 80,443']

export const imageSettings: readonly Setting[] = [
  setting('maxImageBytes', 'bytes', 64 * 2 ** 30, 'BYTES', 'Largest image that may be uploaded; `K`, `M` and `G` may follow the number.'),
  setting(
    'importSchemes',
    { kind: 'list', fault: schemesFault },
    'http,https',
    'LIST',
    'Schemes of addresses that images may be imported from: `http`, `https` or both.',
  ),
  setting('importPorts', { kind: 'list', fault: portsFault }, '80,443', 'LIST', 'Ports of such addresses, or `any`.'),
  setting(
    'importPrivate',
    'boolean',
    false,
    '',
    'Let images be imported from private, loopback and link-local addresses too: whoever may import can then reach what this machine reaches.',
  ),
  setting('importTime', { from: 1, to: 7 * 86400 }, 3600, 'SECONDS', 'How long the download of an image to import may take.'),
  setting(
    'importDownloads',
    { from: 1, to: 1000 },
    10,
    'NUMBER',
    'Downloads of images to import that go on at the same time; the others wait.',
  ),
  setting('importDownloadsOfProject', { from: 1, to: 1000 }, 4, 'NUMBER', 'So many of them for one project.'),
  setting(
    'imageStores',
    'path',
    null,
    'FILE',
    'The stores of image data and which one is the default; see docs/image-stores.md.',
    '`image-stores.yaml` in the data folder when it is there, else that folder is the one store',
  ),
  setting(
    'imageCacheBytes',
    'bytes',
    0,
    'BYTES',
    'Room for copies of images whose stores are no folders, on the disk of the data folder; 0 keeps none.',
  ),
  setting(
    'showMultipleLocations',
    'boolean',
    false,
    '',
    'Show in which store, and where there, the data of each image lies, to all who see the image.',
  ),
  setting('imageDelayedDelete', 'boolean', false, '', 'Keep the data of deleted images for the scrub time.'),
  setting(
    'imageScrubTime',
    { from: 0, to: 365 * 86400 },
    86400,
    'SECONDS',
    'How long the data of deleted images is kept, with delayed deletion.',
  ),
  setting(
    'importConversion',
    { oneOf: ['off', 'raw', 'qcow2'] },
    'off',
    'FORMAT',
    'Convert imported disk images to this format, by qemu-img in a sandbox; not ISO and AMI.',
  ),
  setting('importConversionTime', { from: 1, to: 7 * 86400 }, 3600, 'SECONDS', 'How long one conversion may take, in CPU and in all.'),
  setting(
    'importDecompression',
    'boolean',
    false,
    '',
    'Decompress imported images whose container format is `compressed`: gzip, zip, zstd, and bzip2 and xz where those programs are.',
  ),
  setting(
    'importProperties',
    'text',
    null,
    'LIST',
    'Properties, as `name=value,name=value`, that images get when a user who is no administrator imports them.',
    'none',
  ),
]
