// Tokens for who signed a request with EC2 keys. Services ask, not clients: whoever sees a signed request could ask otherwise.
import type { IncomingMessage } from 'node:http'
import { Type } from 'typebox'
import { badRequest, unauthorized } from '../../../api/faults.ts'
import { operation, reply } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { Cloud } from '../../../cloud.ts'
import { catalogFor } from '../catalog.ts'
import { ec2Keys } from '../credentials/blob.ts'
import { TokenAnswer } from '../tokens/answer.ts'
import { issueToken, proveDelegation } from '../tokens/authenticate.ts'
import { tokenView } from '../tokens/view.ts'
import { findByAccess } from './credentials.ts'
import { isS3Signed, isSigned, s3SignedAt, signedAt } from './signature.ts'

/** A request signed longer ago, or that much ahead, is refused. */
const windowMs = 900_000

const Words = Type.Record(Type.String({ maxLength: 1024 }), Type.String({ maxLength: 8192 }))
const Access = Type.String({ minLength: 1, maxLength: 255 })
const Signature = Type.String({ minLength: 1, maxLength: 1024 })
const Ec2 = Type.Object({
  access: Access,
  signature: Signature,
  host: Type.String({ maxLength: 1024 }),
  verb: Type.String({ maxLength: 16 }),
  path: Type.String({ maxLength: 8192 }),
  params: Type.Optional(Words),
  headers: Type.Optional(Words),
  body_hash: Type.Optional(Type.Union([Type.String({ maxLength: 128 }), Type.Null()])),
})
const Ec2Request = Type.Object({ ec2Credentials: Type.Optional(Ec2), credentials: Type.Optional(Ec2) })
const S3Request = Type.Object({
  credentials: Type.Object({ access: Access, signature: Signature, token: Type.String({ minLength: 1, maxLength: 65536 }) }),
})

async function answer(cloud: Cloud, request: IncomingMessage, access: string, signedAtMs: number, isRight: (secret: string) => boolean) {
  const { read } = cloud.database
  const row = await findByAccess(read, access)
  const inTime = Math.abs(cloud.environment.clock.now() - signedAtMs) <= windowMs
  const keys = row ? ec2Keys(cloud, row) : null
  // Checked for keys that are not there as well: both take as long.
  const right = isRight(keys?.secret ?? '-')
  if (!right || !inTime || !row || !keys) throw unauthorized('EC2 signature is not right, or not of this time.')
  const proof = await proveDelegation(cloud, 'ec2', row.delegation_id, row.user_id, ['ec2credential'])
  const { token, who } = await issueToken(cloud, proof, proof.scope!)
  const catalog = await catalogFor(read, who.project?.id ?? null, (url) => cloud.endpoints.shown(url, request))
  return reply({ headers: { 'x-subject-token': token, vary: 'X-Auth-Token' }, body: tokenView(who, catalog) })
}

export const ec2Tokens = [
  operation({
    id: 'ec2-tokens.create',
    method: 'POST',
    path: '/ec2tokens',
    majors: ['v3'],
    summary: 'Get a token for a request signed with EC2 keys',
    catalog: [],
    body: Ec2Request,
    transaction: 'none',
    policy: rule('identity:ec2tokens_validate', 'rule:service_or_admin', 'Get a token for a signed EC2 request.'),
    answer: TokenAnswer,
    async handle({ cloud, body, request: incoming }) {
      const asked = body.ec2Credentials ?? body.credentials
      if (!asked) throw badRequest('Expecting to find ec2Credentials or credentials.')
      const { params = {}, headers = {}, body_hash, ...rest } = asked
      const request = { ...rest, params, headers, body_hash: body_hash ?? undefined }
      return answer(cloud, incoming, request.access, signedAt(request), (secret) => isSigned(secret, request))
    },
  }),
  operation({
    id: 's3-tokens.create',
    method: 'POST',
    path: '/s3tokens',
    majors: ['v3'],
    summary: 'Get a token for a request signed for S3',
    catalog: [],
    body: S3Request,
    transaction: 'none',
    policy: rule('identity:s3tokens_validate', 'rule:service_or_admin', 'Get a token for a signed S3 request.'),
    answer: TokenAnswer,
    async handle({ cloud, request, body: { credentials } }) {
      const text = Buffer.from(credentials.token, 'base64').toString()
      return answer(cloud, request, credentials.access, s3SignedAt(text), (secret) => isS3Signed(secret, text, credentials.signature))
    },
  }),
]
