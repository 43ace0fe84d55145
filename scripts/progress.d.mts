export function seconds(ms: number): string
export function step<T>(name: string, work: (note: (text: string) => void) => Promise<T> | T): Promise<T>
