// What an operator can mend, as a sentence with the mend: faults of the disk, of the database and of ports, whichever command meets them.
import type { Command } from 'commander'
import { type Config, UserError } from '../config.ts'
import { configOf } from './options.ts'

type Fault = NodeJS.ErrnoException & { port?: number; address?: string }

/** The fault as a UserError where it is none of the program's; else as it is. */
export function explained(error: Error, command: Command): Error {
  if (error instanceof UserError || !(error as Fault).code) return error
  let config: Config
  try {
    config = configOf(command)
  } catch {
    return error
  }
  const sentence = ofPort(error, config) ?? ofDisk(error, config) ?? ofSqlite(error, config) ?? ofPostgres(error, config)
  return sentence === undefined ? error : new UserError(sentence)
}

function ofPort({ code, syscall, port, address }: Fault, config: Config): string | undefined {
  if (code === 'EADDRNOTAVAIL') return `This machine has no address ${address}: choose another with --listen.`
  if (code !== 'EADDRINUSE' && !(code === 'EACCES' && syscall === 'listen')) return undefined
  if (port === undefined) return `The control socket ${address ?? ''} is used by another process: nephos down stops it.`
  const what = code === 'EADDRINUSE' ? `Port ${port} on ${address} is used by another program.` : `Port ${port} needs root.`
  return `${what} ${portAdvice(config, port)}`
}

/** How to leave a port to others, by the settings that named it. */
export function portAdvice(config: Config, port: number): string {
  const { singlePort, portOffset, metricsPort } = config
  if (port === metricsPort) return 'Choose another with --metrics-port, or 0 for no metrics; without it a free one is taken.'
  if (singlePort !== null) return `Choose another than --single-port ${singlePort}, or 0 for a free one.`
  if (portOffset) return `Choose another than --port-offset ${portOffset}, or take one free port for all services with --single-port 0.`
  return 'End that, move all ports with --port-offset 10000, or take one free port for all services with --single-port 0.'
}

function ofDisk({ code, message, path, syscall }: Fault, { dataDir }: Config): string | undefined {
  const where = path ?? dataDir
  // A file elsewhere, a unit in the home folder say, does not move with the data folder.
  const inside = where === dataDir || where.startsWith(`${dataDir}/`)
  const elsewhere = inside ? ' Choose another data folder with --data-dir.' : ''
  const orElse = (first: string) => (inside ? `${first}, or choose another data folder with --data-dir.` : `${first}.`)
  if (code === 'ENOSPC' || code === 'EDQUOT') return `The disk is full: ${where} cannot be written. ${orElse('Make room there')}`
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return `${where} cannot be used (${reasonOf(code)}). ${orElse('Run this as the user that it belongs to')}`
  // Node says so of folders below one that may not be written.
  if (code === 'ENOENT' && syscall === 'mkdir') return `${where} cannot be made: what it lies in is missing or read-only.${elsewhere}`
  if (code === 'ENOTDIR' || code === 'EEXIST') return `${where} is not the folder that it should be.${elsewhere}`
  if (code === 'EIO') return `The disk failed: ${message}.`
  if (code === 'EMFILE' || code === 'ENFILE') return 'Too many files are open: raise the limit (ulimit -n).'
  return undefined
}

const reasonOf = (code: string) => (code === 'EROFS' ? 'its disk is read-only' : 'permission denied')

function ofSqlite({ code, message }: Fault, { dataDir }: Config): string | undefined {
  const file = `${dataDir}/nephos.db`
  if (!code?.startsWith('SQLITE_')) return undefined
  if (code === 'SQLITE_FULL')
    return `The disk is full: ${file} cannot be written. Make room there, or choose another data folder with --data-dir.`
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return `The database ${file} is damaged (${message}). Restore it from a backup, see docs/operating.md; nephos reset begins anew, without any data.`
  if (/^SQLITE_(CANTOPEN|READONLY|PERM|AUTH)/.test(code))
    return `The database ${file} cannot be opened (${message}). Start as the user that it belongs to, or choose another data folder with --data-dir.`
  if (/^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(code)) return `The database ${file} is held by another process: end that.`
  if (code.startsWith('SQLITE_IOERR'))
    return `The disk of ${file} failed (${message}): it may be full or broken. Make room there, or choose another data folder with --data-dir.`
  return undefined
}

function ofPostgres(error: Fault, { databaseUrl }: Config): string | undefined {
  if (!databaseUrl || !/^(E[A-Z]+|08...|28...|3D...|42501|53...|57...)$/.test(error.code ?? '')) return undefined
  const { message, errors } = error as Fault & { errors?: Error[] } // several addresses of one name fail together
  return `The database cannot be used: ${message || errors?.[0]?.message || error.code}. Start it, or correct --database-url.`
}
