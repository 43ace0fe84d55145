// What the network drivers share: settings, the documents of the pass, the switch namespace.
import type { Environment } from '../../environment.ts'
import type { Log } from '../../log.ts'
import type { Kind } from '../kinds.ts'
import type { Switch } from './switch.ts'
import type { Wanted } from './wanted.ts'

export interface NetworkSettings {
  /** Begins the name of every namespace; short, and no two clouds on a machine share it. */
  prefix: string
  /** Folder of the files of running programs; emptied with them. Must be readable by the user `nobody`. */
  runDir: string
  /** A veth instead of a tap is for tests, whose guests are namespaces: its other end is called `peer...`. */
  tapAs: 'tap' | 'veth'
  /** Also route external networks from the namespace of the agent. */
  hostRoute: boolean
}

export interface NetworkContext extends NetworkSettings {
  environment: Environment
  log: Log
  switch: Switch
  /** The documents as of this pass. */
  wanted(): Wanted
  /** Grows with each change of the documents. */
  version(): number
  changed(kind: Kind, id: string): void
}
