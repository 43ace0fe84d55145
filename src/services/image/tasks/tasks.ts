// Tasks of the image service (reference 11.13): imports that an administrator asks for in one request.
import { Type } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import { listing } from '../../../api/listing.ts'
import { operation, reply, resource } from '../../../api/operation.ts'
import { Closed } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import type { Cloud } from '../../../cloud.ts'
import { insertImage } from '../images/create.ts'
import { images, viewerOf } from '../images/resource.ts'
import { ImageCreate } from '../images/schema.ts'
import { showImage } from '../images/show.ts'
import { startImport } from '../imports/start.ts'
import { ordered, style } from '../listing.ts'
import { count } from '../quotas.ts'
import { admin } from '../rules.ts'
import { type ImageTask, Task, TaskSummary, taskSummary, taskView } from './view.ts'

const policy = rule('tasks_api_access', admin, 'Create tasks and look at them.')
const path = '/tasks'

const tasks = resource<'task', ImageTask>({
  name: 'task',
  param: 'task_id',
  async load(id, context) {
    const { projectId, isAdmin } = viewerOf(context)
    const row = await context.db.selectFrom('image_tasks').selectAll().where('id', '=', id).executeTakeFirst()
    return row && (isAdmin || row.owner_id === projectId) ? row : undefined
  },
  target: ({ owner_id }) => ({ project_id: owner_id }),
  missing: (id) => `Task not found for task_id ${id.slice(0, 64)}`,
})

const taskCollection = listing({
  style,
  many: 'tasks',
  path,
  filters: { type: 'type', status: 'status' },
  sortKeys: { id: 'id', type: 'type', status: 'status', created_at: 'created_at', updated_at: 'updated_at' },
  defaultSort: [
    ['created_at', 'desc'],
    ['id', 'desc'],
  ],
  id: 'id',
  maxLimit: 1000,
  defaultLimit: 25,
})

export const createTask = operation({
  id: 'tasks.create',
  method: 'POST',
  path,
  summary: 'Create a task',
  catalog: ['image-v2.tasks.create-tasks'],
  body: Closed({
    type: Type.Unsafe<'import'>({ enum: ['import'] }),
    input: Closed({
      import_from: Type.String({ maxLength: 2048 }),
      import_from_format: Type.Optional(Type.String({ maxLength: 255 })),
      image_properties: ImageCreate,
    }),
  }),
  status: 201,
  answer: Task,
  quota: { [count]: 'handler' },
  policy,
  async handle(context) {
    const { body, href } = context
    const { import_from, import_from_format, image_properties } = body.input
    const format = import_from_format === undefined ? {} : { disk_format: import_from_format }
    const imageId = await insertImage(context, { ...format, ...image_properties })
    const request = { imageId, method: 'web-download', uri: import_from, type: 'import', input: body.input } as const
    const row = await startImport(context, request)
    return reply({ headers: { location: href(`/tasks/${row.id}`) }, body: taskView(row) })
  },
})

export const listTasks = operation({
  id: 'tasks.list',
  method: 'GET',
  path,
  summary: 'List tasks',
  catalog: ['image-v2.tasks.list-tasks'],
  query: taskCollection.query,
  answer: taskCollection.answer(TaskSummary),
  policy,
  async handle(context) {
    const { db, rawQuery } = context
    const { isAdmin, projectId } = viewerOf(context)
    const status = rawQuery.get('status')
    if (status !== null && !['pending', 'processing', 'success', 'failure'].includes(status)) {
      throw badRequest(`Invalid status value: ${status.slice(0, 60)}`)
    }
    let seen = db.selectFrom('image_tasks').selectAll()
    if (!isAdmin) seen = seen.where('owner_id', '=', projectId ?? '')
    const page = await taskCollection.page(ordered(context), seen)
    return taskCollection.body(context, page, page.rows.map(taskSummary))
  },
})

export const showTask = operation({
  id: 'tasks.show',
  method: 'GET',
  path: `${path}/{task_id}`,
  summary: 'Show a task',
  catalog: ['image-v2.tasks.show-tasks'],
  answer: Task,
  policy,
  on: tasks,
  handle: async ({ task }) => taskView(task),
})

export const listImageTasks = operation({
  id: 'images.tasks',
  method: 'GET',
  path: '/images/{image_id}/tasks',
  summary: 'List the tasks of an image',
  catalog: [],
  answer: Type.Object({ tasks: Type.Array(Task) }),
  policy: showImage.policy,
  on: images,
  async handle({ image, db }) {
    const rows = await db.selectFrom('image_tasks').selectAll().where('image_id', '=', image.id).orderBy('created_at', 'desc').execute()
    return { tasks: rows.map(taskView) }
  },
})

/** Removes tasks that ended long enough ago. */
export const purgeTasks = (cloud: Cloud) =>
  cloud.database.write(async ({ db }) => {
    const now = new Date(cloud.environment.clock.now()).toISOString()
    await db.deleteFrom('image_tasks').where('expires_at', '<', now).execute()
  })
