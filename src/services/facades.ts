// What services may call of each other. Each adds its facade here:
//   declare module '../facades.ts' { interface Facades { network: NetworkFacade } }
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface Facades {}
