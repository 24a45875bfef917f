import { readOwn } from '../expression/own.ts'

/** Names in any case. */
export type Headers = Readonly<Record<string, string>>

/** Reads one header, whatever the case of its name; servers hand names over in lower case, which costs one look. */
export function compileHeader(name: string): (headers: Headers) => string | undefined {
  const lower = name.toLowerCase()
  return (headers) => {
    const value = readOwn(headers, lower) ?? readOwn(headers, spelledOtherwise(headers, lower))
    return typeof value === 'string' ? value : undefined
  }
}

function spelledOtherwise(headers: Headers, lower: string): string {
  for (const name in headers) if (name.length === lower.length && name.toLowerCase() === lower) return name
  return ''
}
