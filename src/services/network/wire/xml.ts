// Bodies of networking as XML (reference 13 and 14), beside JSON, which is all that clients of today ask for.
import type { XmlDialect } from '../../../api/xml/dialect.ts'

const extension = (alias: string) => `http://docs.openstack.org/ext/${alias}/api/v1.0`

export const networkXml: XmlDialect = {
  namespace: 'http://openstack.org/quantum/api/v2.0',
  prefixes: {
    provider: extension('provider'),
    router: extension('neutron/router'),
    binding: extension('binding'),
  },
  scalars: 'elements',
  typePrefix: 'quantum',
  nulls: 'xsi:nil',
}
