// How compute's lists are asked for and answered: filters that are unknown are ignored (they are refused from 2.75 on), and a link leads
// to the next page.
import { type ListStyle, nextLinks } from '../../api/listing.ts'

export const listStyle: ListStyle = { unknown: 'ignored', repeated: 'last', direction: 'asc', ...nextLinks }
