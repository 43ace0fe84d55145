// The stores of this cloud, and what is being read from and written to them just now.
import { join } from 'node:path'
import type { Config } from '../../../config.ts'
import type { Environment } from '../../../environment.ts'
import type { ObjectStoreFacade } from '../../object-store/facade.ts'
import { fileStore } from './file.ts'
import { objectsStore } from './objects.ts'
import { rbdStore } from './rbd.ts'
import { s3Store } from './s3.ts'
import { readStores, type StoreSettings } from './settings.ts'
import type { ImageStore } from './store.ts'

export interface Stores {
  all: ImageStore[]
  default: ImageStore
  get(id: string): ImageStore | undefined
  /** Marks data as in use until the result is called: it is not removed meanwhile. */
  hold(store: string, key: string): () => void
  isHeld(store: string, key: string): boolean
  /** Called when data that was held is free again. */
  onFree: (() => void) | null
  close(): void
}

interface Needs {
  config: Config
  environment: Pick<Environment, 'clock'>
  objectStore: Pick<ObjectStoreFacade, 'files'>
}

function openStore(settings: StoreSettings, { config, environment, objectStore }: Needs): ImageStore {
  const { id, description, weight } = settings
  const named = { id, description, weight }
  switch (settings.type) {
    case 'file':
      return fileStore({ ...named, folder: settings.text('path') || join(config.dataDir, 'images') })
    case 'object-store':
      return objectsStore(
        { ...named, container: settings.text('container'), partBytes: settings.number('part-mib') * 2 ** 20 },
        objectStore,
      )
    case 's3':
      return s3Store(
        {
          ...named,
          endpoint: settings.text('endpoint'),
          bucket: settings.text('bucket'),
          region: settings.text('region'),
          accessKey: settings.text('access-key'),
          secretKey: settings.text('secret-key'),
          pathStyle: settings.flag('path-style'),
          prefix: settings.text('prefix'),
          partBytes: Math.max(5, settings.number('part-mib')) * 2 ** 20,
          threads: Math.max(1, settings.number('threads')),
        },
        environment,
      )
    case 'rbd':
      return rbdStore({
        ...named,
        pool: settings.text('pool'),
        user: settings.text('user'),
        conf: settings.text('conf'),
        patience: Math.max(1, settings.number('patience')),
      })
  }
}

/** Opens what the settings name; nothing is asked of any store yet. Throws UserError. */
export function openStores(needs: Needs): Stores {
  const { stores, defaultId } = readStores(needs.config)
  const byId = new Map(stores.map((settings) => [settings.id, openStore(settings, needs)]))
  const held = new Map<string, number>()
  const result: Stores = {
    all: [...byId.values()],
    default: byId.get(defaultId)!,
    get: (id) => byId.get(id),
    hold(store, key) {
      const name = `${store}/${key}`
      held.set(name, (held.get(name) ?? 0) + 1)
      let done = false
      return () => {
        if (done) return
        done = true
        const left = held.get(name)! - 1
        if (left) return void held.set(name, left)
        held.delete(name)
        result.onFree?.()
      }
    },
    isHeld: (store, key) => held.has(`${store}/${key}`),
    onFree: null,
    close: () => {
      for (const store of result.all) store.close?.()
    },
  }
  return result
}
