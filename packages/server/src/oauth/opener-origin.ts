import { isLoopback } from '../config.ts'

/**
 * Whether a text is the exact origin of a page that may be told the outcome: `https://host[:port]` and nothing behind it,
 * http on this machine alone; neither `*` nor `null`.
 */
export function isOpenerOrigin(text: string): boolean {
  const url = URL.parse(text)
  if (url?.origin !== text) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(text))
}
