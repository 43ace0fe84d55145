// Tokens of v3 (reference 6.2).
import { createToken } from './create.ts'
import { checkToken, validateToken } from './read.ts'
import { revokeToken } from './revoke.ts'

export const tokens = [createToken, validateToken, checkToken, revokeToken]
