import { RE2JS } from 're2js'

/** Longest pattern that is compiled, in characters: patterns may come out of a payload. */
const MAX_PATTERN_LENGTH = 1000

/** Compiled patterns that one call site keeps; a filter meets the same few for every item. */
const KEPT_PATTERNS = 16

/**
 * The `match` (whole text) and `search` (anywhere) functions of RFC 9535 2.4.6 on RE2, whose time grows with the text
 * and never explodes. A pattern that does not compile, or a value that is no string, gives `false`, as the RFC says.
 */
export function createPatternTest(kind: 'match' | 'search'): (text: unknown, pattern: unknown) => boolean {
  const kept = new Map<string, RE2JS | null>()
  return (text, pattern) => {
    if (typeof text !== 'string' || typeof pattern !== 'string') return false
    let compiled = kept.get(pattern)
    if (compiled === undefined) {
      compiled = compilePattern(pattern)
      if (kept.size >= KEPT_PATTERNS) kept.clear()
      kept.set(pattern, compiled)
    }
    if (compiled === null) return false
    const matcher = compiled.matcher(text)
    return kind === 'match' ? matcher.matches() : matcher.find()
  }
}

function compilePattern(pattern: string): RE2JS | null {
  if (pattern.length > MAX_PATTERN_LENGTH) return null
  try {
    return RE2JS.compile(dotWithoutLineBreaks(pattern))
  } catch {
    return null
  }
}

/** In I-Regexp (RFC 9485 5.3) a dot outside a character class matches neither `\n` nor `\r`. */
function dotWithoutLineBreaks(pattern: string): string {
  let inClass = false
  let out = ''
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index] as string
    if (character === '\\') {
      out += character + (pattern[++index] ?? '')
      continue
    }
    if (character === '[') inClass = true
    else if (character === ']') inClass = false
    out += character === '.' && !inClass ? '[^\\n\\r]' : character
  }
  return out
}
