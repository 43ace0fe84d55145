// Bodies of v3 as XML, as services of the time had them: the reference shows JSON only.
import type { XmlDialect } from '../../../api/xml/dialect.ts'

export const v3Xml: XmlDialect = { namespace: 'http://docs.openstack.org/identity/api/v3', scalars: 'attributes' }
