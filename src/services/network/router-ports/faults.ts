import { badRequest, conflict } from '../../../api/faults.ts'

export const badRouterRequest = (message: string) => badRequest(`Bad router request: ${message}.`, 'BadRequest')
export const routerInUse = (id: string, why: string) => conflict(`Router ${id} ${why}`, 'RouterInUse')
