import { operation } from '../../../api/operation.ts'
import { plainPage } from '../limits.ts'

/** Paths that end with the version name no account. */
export const accountMissing = (['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] as const).map((method) =>
  operation({
    id: `accounts.missing.${method.toLowerCase()}`,
    method,
    path: '/',
    summary: 'Say that the path names no account',
    catalog: [],
    auth: 'none',
    policy: null,
    majors: ['v1', 'v1.0'],
    input: 'stream',
    transaction: 'none',
    async handle() {
      throw plainPage(412, 'Bad URL')
    },
  }),
)
