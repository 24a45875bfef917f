import type { StepRecord } from 'miniapp'

/** The request as a command line, as the record holds it: what is secret is `***`. */
export function curlOf({ request }: StepRecord): string | undefined {
  if (!request) return undefined
  const { method, url, headers, body } = request
  const parts = [
    ...(method === 'GET' ? [] : [`-X ${method}`]),
    quoted(url),
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data ${quoted(body)}`]),
  ]
  return `curl ${parts.join(' ')}`
}

/** For a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
