import ipaddr from 'ipaddr.js'

/** The one spelling of an access address that clients compare with; null for none. `text` has passed the schema. */
export const accessIp = (text: string | null | undefined): string | null => (text ? ipaddr.parse(text).toString() : null)
