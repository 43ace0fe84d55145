// Values of settings: from text to what they are, and what is said of those that are not right.
import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { type Setting, UserError } from './config.ts'
import { nearest } from './nearest.ts'

/** Where the program is, from the sources as from the bundle. */
export function programFolder(): string {
  let at = import.meta.dirname
  while (!existsSync(join(at, 'bin/nephos')) && at !== dirname(at)) at = dirname(at)
  return at
}

/** A database on the machine itself is named by its socket's folder, so a host is not asked for. */
export function postgresFault(text: string): [string] | undefined {
  const isRight = URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol) && /^postgres(ql)?:\/\//.test(text)
  return isRight ? undefined : ['an address such as postgres://user:password@host/database']
}

/** The value of a setting, of its type. `from` names where it stands. Throws UserError. */
export function readValue(s: Setting, value: unknown, from: string): unknown {
  const isFile = from.includes(' in ')
  // What may hold a password is not repeated.
  const given = s.name === 'databaseUrl' || s.name.endsWith('Password') ? '' : `, not ${JSON.stringify(value)}`
  const refuse = (wanted: string, meant = '') => new UserError(`${from} must be ${wanted}${given}.${meant}`, isFile ? 1 : 2)
  const { type } = s
  if (type === 'boolean') {
    if (typeof value === 'boolean') return value
    if (/^(1|true|yes|on)$/i.test(String(value))) return true
    if (/^(0|false|no|off)$/i.test(String(value))) return false
    throw refuse('true or false')
  }
  if (typeof value !== 'string' && typeof value !== 'number') throw refuse('a text or a number')
  const text = String(value)
  if (text.includes('\0') || text.includes('\n')) throw refuse('one line of text')
  if (typeof type === 'object' && 'oneOf' in type) {
    if (!type.oneOf.includes(text)) throw refuse(`one of ${type.oneOf.join(', ')}`, nearest(text, type.oneOf))
    return text
  }
  if (typeof type === 'object' && 'kind' in type) {
    const fault = text ? type.fault(text) : (['not empty'] as [string])
    if (fault) throw refuse(...fault)
    return text
  }
  if (typeof type === 'object') {
    const number = Number(text)
    if (!/^\d+$/.test(text) || number < type.from || number > type.to) throw refuse(`a whole number from ${type.from} to ${type.to}`)
    return number
  }
  if (type === 'bytes') {
    const match = /^(\d+)([KMG]?)(i?B)?$/i.exec(text)
    if (!match) throw refuse('a number of bytes such as 1048576 or 1M')
    return Number(match[1]) * 1024 ** ['', 'K', 'M', 'G'].indexOf(match[2]!.toUpperCase())
  }
  // An empty one would be the folder that one is in.
  if (type === 'path' && text) return resolve(text)
  if (type === 'address' && !isIP(text)) throw refuse('an IP address')
  if (type === 'host' && !isIP(text) && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text)) throw refuse('a host name or an IP address')
  if (type === 'cidr' && !isCidr(text)) throw refuse('a network such as 172.24.4.0/24')
  if (type === 'cidrs') {
    if (!text.split(',').every((part) => !part.trim() || isIP(part.trim()) || isCidr(part.trim(), 32, 128)))
      throw refuse('addresses and networks such as 127.0.0.1,10.0.0.0/8')
    return text
  }
  if (!text) throw refuse('not empty')
  return text
}

function isCidr(text: string, longest4 = 30, longest6 = 126): boolean {
  const [address = '', length = '', ...rest] = text.split('/')
  const version = isIP(address)
  return version !== 0 && rest.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? longest4 : longest6)
}
