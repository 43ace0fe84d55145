// How a daemon is declared: what it is started with, what stands in its files, how it takes changes, how one sees that it serves.
import type { Bounds } from '../commands/outliving.ts'

/** Where a daemon's files are for whoever reads them: in its folder, or aside while they are being checked. */
export interface Place<File extends string = string> {
  folder: string
  file(name: File): string
}

export interface Running<File extends string = string> extends Place<File> {
  pid: number
}

export interface DaemonType<File extends string = string> extends Bounds {
  /** What it is called in logs and errors. */
  name: string
  program: string
  /** Its arguments; among them the one that keeps it in the foreground, and has it log to standard error. */
  arguments(at: Place<File>): string[]
  /** Its files, and what a change of each asks for. `mode` is 0o644 unless given; files of a daemon with a `user` are that user's. */
  files: Record<File, { onChange: 'reload' | 'restart'; mode?: number }>
  /** How it reads its files again. Without it, it is started anew. */
  reload?: NodeJS.Signals | ((at: Running<File>) => Promise<unknown>)
  /** Whether it has to be started anew although only files changed that it can read again. */
  mustRestart?(before: Record<File, string>, after: Record<File, string>): boolean
  /** Program and arguments that fail when the files are wrong: tried on new ones before the running daemon is touched. */
  check?(at: Place<File>): [program: string, ...args: string[]]
  /** Whether it serves. Asked until it does after a start, and every ten seconds: one that does not three times is ended and started anew. */
  health?(at: Running<File>): Promise<boolean>
  /** Milliseconds until a started one serves (5,000), and that it has to end in good terms (2,000). */
  startMs?: number
  stopMs?: number
  /** An argument by which one is known that a version without this supervisor has started. */
  earlier?(at: Place<File>): string
}

/** Declares a type of daemons. */
export const daemon = <const File extends string>(declared: DaemonType<File>): DaemonType<File> => declared

/** What a daemon shall be. */
export interface WantedDaemon<File extends string = string> {
  /** Name of its network namespace; null: the agent's. */
  namespace: string | null
  /** The text of each file. Paths of other files are asked of `at`, so that new files are checked against each other. */
  files(at: Place<File>): Record<File, string>
}
