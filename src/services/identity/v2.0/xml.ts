// Bodies of v2.0 as XML (reference 8.2.1): texts are attributes. A user's roles and a service's endpoints stand in it without a list, which
// their schemas say.
import type { XmlDialect } from '../../../api/xml/dialect.ts'

const extension = (alias: string) => `http://docs.openstack.org/identity/api/ext/${alias}/v1.0`

export const v2Xml: XmlDialect = {
  namespace: 'http://docs.openstack.org/identity/api/v2.0',
  prefixes: {
    'OS-KSADM': extension('OS-KSADM'),
    'OS-KSCATALOG': extension('OS-KSCATALOG'),
    'OS-KSS3': extension('OS-KSS3'),
  },
  scalars: 'attributes',
}
