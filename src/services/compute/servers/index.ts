// Servers (reference 3.2 to 3.4, 3.7 to 3.9): virtual machines, from being asked for to being gone.
import { createServer } from './create.ts'
import { deleteServer } from './delete.ts'
import { actionOperations } from './history.ts'
import { attachInterface, detachInterface } from './interfaces.ts'
import { lockServer, unlockServer } from './lock.ts'
import { metadataOperations } from './metadata.ts'
import { networkReads } from './network-reads.ts'
import { passwordOperations } from './password.ts'
import { detailServers, listServers, showServer } from './read.ts'
import { rebootServer } from './reboot.ts'
import { resetState } from './reset-state.ts'
import { startServer } from './start.ts'
import { stopServer } from './stop.ts'
import { updateServer } from './update.ts'

export const serverOperations = [
  listServers,
  detailServers,
  showServer,
  createServer,
  updateServer,
  deleteServer,
  startServer,
  stopServer,
  rebootServer,
  resetState,
  lockServer,
  unlockServer,
  ...metadataOperations,
  ...passwordOperations,
  ...networkReads,
  attachInterface,
  detachInterface,
  ...actionOperations,
]
