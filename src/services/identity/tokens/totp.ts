// Method `totp`: passcodes of six digits from a secret and the time (RFC 6238), kept as a credential of that type.

import { timingSafeEqual } from 'node:crypto'
import { HOTP, Secret as OtpSecret } from 'otpauth'
import { badRequest, unauthorized } from '../../../api/faults.ts'
import type { Secret } from '../../../auth/secret.ts'
import { findProject } from '../../../auth/store.ts'
import type { Cloud } from '../../../cloud.ts'
import { decryptBlob } from '../credentials/blob.ts'
import { credentialQuery } from '../credentials/store.ts'
import { isInactive, isLocked, noteFailure, noteSuccess } from '../users/attempts.ts'
import { pretendFailure, usePasscode } from '../users/store.ts'
import { type NamedUser, namedUser, type Proof } from './authenticate.ts'

const periodSeconds = 30
/** After so many wrong passcodes in a row none is looked at for a while: a million of them is not much. Holds without any setting. */
const mostWrong = 5
const pauseMs = 300_000

/** RFC 4648; blanks and the signs that fill up are passed over. Throws 400. */
export function base32(text: string): Buffer {
  try {
    return Buffer.from(OtpSecret.fromBase32(text.replace(/\s/g, '')).bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw badRequest('Invalid blob in credential: a TOTP credential is a secret in base32.')
  }
}

/** RFC 4226: the six digits of a counter. */
export const passcode = (secret: Buffer, counter: number): string =>
  HOTP.generate({ secret: new OtpSecret({ buffer: new Uint8Array(secret).buffer }), counter })

/** The period that the passcode is of, for one of the secrets; the same work for each of them. */
function periodOf(secrets: Buffer[], given: string, current: number, previous: number): number | undefined {
  const sent = Buffer.alloc(6, 0)
  sent.write(given.slice(0, 6))
  let found: number | undefined
  for (const secret of secrets) {
    for (let period = current - previous; period <= current; period++) {
      if (timingSafeEqual(Buffer.from(passcode(secret, period)), sent) && given.length === 6) found = period
    }
  }
  return found
}

/** Throws 401, the same for everything. A passcode counts once. */
export async function proveTotp(cloud: Cloud, asked: NamedUser & { passcode: Secret }): Promise<Proof> {
  const { database, config, environment } = cloud
  await cloud.keys.refresh()
  const row = await namedUser(cloud, asked)
  const rows = row ? await credentialQuery(database.read, row.id).where('type', '=', 'totp').execute() : []
  const secrets = rows.map((credential) => base32(decryptBlob(cloud, credential.encrypted_blob))).filter((secret) => secret.length)
  const nowMs = environment.clock.now()
  const current = Math.floor(nowMs / 1000 / periodSeconds)
  const period = periodOf(secrets.length ? secrets : [Buffer.alloc(20)], asked.passcode.reveal(), current, config.totpPreviousWindows)
  const home = row && (await findProject(database.read, row.domain_id))
  const usable = row?.enabled && home?.enabled && !isLocked(config, row, nowMs) && !isInactive(config, row, nowMs)
  const right = await database.write(async ({ db }) => {
    if (row && secrets.length)
      return usePasscode(db, row.id, usable ? (period ?? null) : null, {
        most: mostWrong,
        now: new Date(nowMs).toISOString(),
        forgotten: new Date(nowMs - pauseMs).toISOString(),
      })
    await pretendFailure(db)
    return false
  })
  if (!row || !usable || !right) {
    await noteFailure(cloud, row)
    throw unauthorized()
  }
  if (!(await noteSuccess(cloud, row.id))) throw unauthorized()
  return { userId: row.id, epoch: row.token_epoch, methods: ['totp'], defaultProjectId: row.default_project_id }
}
