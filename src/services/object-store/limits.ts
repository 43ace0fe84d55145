// What the object store takes at most, as /info tells it, and the checks of names.
import { Fault } from '../../api/faults.ts'

export const limits = {
  max_file_size: 5_368_709_122,
  max_meta_name_length: 128,
  max_meta_value_length: 256,
  max_meta_count: 90,
  max_meta_overall_size: 4096,
  max_header_size: 8192,
  max_object_name_length: 1024,
  container_listing_limit: 10_000,
  account_listing_limit: 10_000,
  max_account_name_length: 256,
  max_container_name_length: 256,
}

/** A fault whose text is shown as it is. */
export const plain = (status: number, message: string) => new Fault(status, message, { type: 'plain' })

/** The same with the type that Swift gives some of them, for text that holds nothing of the request's. */
export const plainPage = (status: number, message: string) =>
  new Fault(status, message, { type: 'plain', headers: { 'content-type': 'text/html; charset=UTF-8' } })

export const tooLarge = () => plain(413, 'Your request is too large.')

/** Throws 412 where one holds a NUL, whatever way it came: no name has one, and not every database can be asked for it. */
export function checkNoNul(...names: string[]): void {
  if (names.some((name) => name.includes('\0'))) throw plainPage(412, 'Invalid UTF8 or contains NULL')
}

export function checkContainerName(name: string): void {
  checkNoNul(name)
  const length = Buffer.byteLength(name)
  if (length > limits.max_container_name_length)
    throw plainPage(400, `Container name length of ${length} longer than ${limits.max_container_name_length}`)
  if (name === '.' || name === '..' || name.includes('/')) throw plain(400, 'Invalid container name')
}

export function checkObjectName(name: string): void {
  checkNoNul(name)
  const length = Buffer.byteLength(name)
  if (length > limits.max_object_name_length)
    throw plain(400, `Object name length of ${length} longer than ${limits.max_object_name_length}`)
}
