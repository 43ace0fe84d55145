// GET /v2/info/usage (version 2.13 and later): what the asker's project may have of images, and has.
import { Type } from 'typebox'
import { operation } from '../../api/operation.ts'
import { bytes, count } from './quotas.ts'
import { tokenOnly } from './rules.ts'

const MiB = 2 ** 20
/** Sizes are told in MiB: of what is used a begun one counts whole, of a limit it does not. */
const used = (size: number) => Math.ceil(size / MiB)
const most = (limit: number) => (limit < 0 ? unlimited : Math.floor(limit / MiB))
/** What the quota of bytes bounds as well, or nothing does. */
const unlimited = -1

const Usage = Type.Object({ limit: Type.Integer(), usage: Type.Integer() })

export const showUsage = operation({
  id: 'info.usage',
  method: 'GET',
  path: '/info/usage',
  summary: 'Show the quotas of images and what is used of them',
  catalog: [],
  /** Nothing is told with a token that is of no project. */
  answer: Type.Object({
    usage: Type.Object({
      image_size_total: Type.Optional(Usage),
      image_stage_total: Type.Optional(Usage),
      image_count_total: Type.Optional(Usage),
      image_count_uploading: Type.Optional(Usage),
    }),
  }),
  policy: tokenOnly,
  async handle({ db, who, cloud }) {
    const projectId = who.project?.id
    if (projectId === undefined) return { usage: {} }
    const quotas = await cloud.quota.show(db, projectId, 'image.')
    const of = (name: string) => quotas[name.slice('image.'.length)]!
    const begun = await db
      .selectFrom('images')
      .select(({ fn }) => [fn.countAll<number | string>().as('count'), fn.sum<number | string | null>('staged_bytes').as('bytes')])
      .where('owner_id', '=', projectId)
      .where('status', 'in', ['saving', 'uploading', 'importing'])
      .executeTakeFirst()
    return {
      usage: {
        image_size_total: { limit: most(of(bytes).limit), usage: used(of(bytes).in_use) },
        image_stage_total: { limit: unlimited, usage: used(Number(begun?.bytes ?? 0)) },
        image_count_total: { limit: of(count).limit, usage: of(count).in_use },
        image_count_uploading: { limit: unlimited, usage: Number(begun?.count ?? 0) },
      },
    }
  },
})
