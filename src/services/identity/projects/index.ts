// The operations on projects (reference 6.6).
import { create } from './create.ts'
import { remove } from './delete.ts'
import { list, show } from './read.ts'
import { projectTags } from './tags.ts'
import { update } from './update.ts'

export const projects = [list, create, show, update, remove, ...projectTags]
