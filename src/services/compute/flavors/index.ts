// Flavors (reference 3.12 to 3.15): how large a server is.
import { flavorAccessOperations } from './access.ts'
import { manageFlavors } from './create.ts'
import { extraSpecOperations } from './extra-specs.ts'
import { readFlavors } from './read.ts'

export const flavorOperations = [...readFlavors, ...manageFlavors, ...flavorAccessOperations, ...extraSpecOperations]
