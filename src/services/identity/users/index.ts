// The operations on users (reference 6.7).
import { changePassword } from './change-password.ts'
import { create } from './create.ts'
import { remove } from './delete.ts'
import { list, listGroups, listProjects, show } from './read.ts'
import { update } from './update.ts'

export const users = [list, create, show, update, remove, changePassword, listGroups, listProjects]
