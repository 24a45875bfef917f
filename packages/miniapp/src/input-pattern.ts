import { RE2JS } from 're2js'

export interface LinearPattern {
  test(text: string): boolean
  /** Names the pattern; validators tell patterns apart by it. */
  toString(): string
}

/**
 * Compiles an author's regular expression on RE2, whose time grows with the text and never explodes.
 *
 * @param wanted `part`: somewhere in the text, as JSON Schema reads `pattern`; `whole`: the text from end to end
 * @throws Error where the pattern does not parse or uses what RE2 has not (look-around, back references)
 */
export function compilePattern(pattern: string, wanted: 'part' | 'whole' = 'part'): LinearPattern {
  const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern))
  return {
    test:
      wanted === 'part'
        ? (text) => compiled.matcher(text).find()
        : (text) => compiled.matcher(text).matches(),
    toString: () => `re2:${wanted}:${pattern}`,
  }
}
