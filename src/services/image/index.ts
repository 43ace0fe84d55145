// Image service (reference chapters 11 and 12): what servers boot from.

import { service } from '../../api/service.ts'
import { findProjectByName } from '../../auth/store.ts'
import { downloadImage } from './data/download.ts'
import { recoverUploads } from './data/recover.ts'
import { uploadImage } from './data/upload.ts'
import { faults } from './faults.ts'
import { fillGuestImage, noteGuestImage } from './guest-image.ts'
import { deactivateImage, reactivateImage } from './images/actions.ts'
import { createImage } from './images/create.ts'
import { deleteImage } from './images/delete.ts'
import { listImages } from './images/list.ts'
import { imageMachine } from './images/machine.ts'
import { publishRules } from './images/publish.ts'
import { showImage } from './images/show.ts'
import { updateImage } from './images/update.ts'
import { showImportInfo } from './imports/discovery.ts'
import { importImage, importRules } from './imports/import.ts'
import { injectedProperties } from './imports/inject.ts'
import { resumeImports } from './imports/resume.ts'
import { stageImage } from './imports/stage.ts'
import { importTask } from './imports/task.ts'
import { createMember, deleteMember, listMembers, showMember, updateMember } from './members.ts'
import { metadataOperations } from './metadata-definitions/index.ts'
import { loadDefinitions } from './metadata-definitions/load.ts'
import { metadataRules } from './metadata-definitions/rules.ts'
import { quotas } from './quotas.ts'
import { baseRules } from './rules.ts'
import { schemaOperations } from './schemas/index.ts'
import { clearCache, listCache, queueForCache, removeFromCache } from './stores/cache-api.ts'
import { deleteFromStore } from './stores/delete.ts'
import { listStoreDetails, listStores } from './stores/info.ts'
import { addTag, deleteTag } from './tags.ts'
import { createTask, listImageTasks, listTasks, purgeTasks, showTask } from './tasks/tasks.ts'
import { showUsage } from './usage.ts'
import { v1Operations } from './v1/index.ts'
import { versionOperations } from './versions/index.ts'

const v2 = [
  createImage,
  listImages,
  showImage,
  updateImage,
  deleteImage,
  deactivateImage,
  reactivateImage,
  uploadImage,
  downloadImage,
  addTag,
  deleteTag,
  createMember,
  listMembers,
  showMember,
  updateMember,
  deleteMember,
  ...schemaOperations,
  ...metadataOperations,
  stageImage,
  importImage,
  showImportInfo,
  showUsage,
  listStores,
  listStoreDetails,
  deleteFromStore,
  listCache,
  queueForCache,
  removeFromCache,
  clearCache,
  createTask,
  listTasks,
  showTask,
  listImageTasks,
]

export const image = service({
  name: 'image',
  description: 'Image',
  ports: [9292],
  faults,
  machines: [imageMachine],
  majors: [{ id: 'v2' }, { id: 'v1' }],
  projectInPath: false,
  trailingSlash: 'refused',
  catalog: [{ type: 'image', name: 'glance', path: '' }],
  baseRules: { ...baseRules, ...metadataRules },
  moreRules: [...publishRules, ...importRules],
  operations: [
    ...versionOperations,
    ...v2.map((operation) => ({ ...operation, majors: ['v2'] })),
    ...v1Operations.map((operation) => ({ ...operation, majors: ['v1'] })),
  ],
  quotas,
  tasks: [importTask],
  async begin(cloud) {
    injectedProperties(cloud.config) // refuses a list that is none at once
    await recoverUploads(cloud)
    await resumeImports(cloud)
    cloud.tasks.periodic('unfinished work of images', 2000, () => cloud.image.unfinished.run())
    cloud.tasks.periodic('scrub image data', 30_000, () => cloud.image.scrubber.run())
    cloud.tasks.periodic('image cache', 60_000, () => cloud.image.cache.run())
    cloud.tasks.periodic('purge image tasks', 3_600_000, () => purgeTasks(cloud))
  },
  async bootstrap(cloud) {
    const admin = await findProjectByName(cloud.database.read, 'default', 'admin')
    const owner = admin?.id ?? 'admin'
    await loadDefinitions(cloud, owner, async (tx) => {
      if (admin) await noteGuestImage(cloud, tx, owner)
    })
    await fillGuestImage(cloud, owner)
  },
})
