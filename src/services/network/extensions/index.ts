// Extensions (reference 14.1): what this network service can do beyond networks, subnets and ports.
import { notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { extensions } from './aliases.ts'

const see = rule('get_extension', '@', 'See which extensions there are.')

export const listExtensions = operation({
  id: 'extensions.list',
  method: 'GET',
  path: '/extensions',
  summary: 'List extensions',
  catalog: ['network-v2.0-ext.extensions.list-extensions'],
  policy: see,
  handle: async () => ({ extensions }),
})

export const showExtension = operation({
  id: 'extensions.show',
  method: 'GET',
  path: '/extensions/{alias}',
  summary: 'Show an extension',
  catalog: ['network-v2.0-ext.extensions.show-extension-details'],
  policy: see,
  async handle({ params }) {
    const extension = extensions.find((one) => one.alias === params.alias)
    if (!extension) throw notFound(`Extension with alias ${params.alias.slice(0, 100)} does not exist`, 'ExtensionNotFound')
    return { extension }
  },
})
