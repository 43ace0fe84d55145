// What a service keeps in memory beside the database: one for each cloud of the process, and gone with it.
import type { Cloud } from './cloud.ts'

/** A function that gives a cloud's own one of what `make` makes; it is made when it is first asked for. */
export function serviceState<T>(make: (cloud: Cloud) => T): (cloud: Pick<Cloud, 'state'>) => T {
  const key = Symbol('service state')
  return (cloud) => {
    if (!cloud.state.has(key)) cloud.state.set(key, make(cloud as Cloud))
    return cloud.state.get(key) as T
  }
}
