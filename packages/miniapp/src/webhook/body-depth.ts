/** Levels of nesting in a body: as in a definition. Real payloads stay below 20; what walks them is recursive. */
export const MAX_BODY_DEPTH = 100

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING = [0x7b, 0x5b]
const CLOSING = [0x7d, 0x5d]

/** Whether a JSON text is nested too deeply. Looked at before it is parsed: the lossless parser recurses. */
export function isTooDeep(json: string): boolean {
  return mayBeDeep(json) && depthExceeds(json)
}

/** Most payloads have fewer brackets than levels are allowed, which is seen at a glance. */
function mayBeDeep(json: string): boolean {
  let count = 0
  for (const bracket of ['{', '[']) {
    for (let at = json.indexOf(bracket); at >= 0; at = json.indexOf(bracket, at + 1)) {
      if (++count > MAX_BODY_DEPTH) return true
    }
  }
  return false
}

function depthExceeds(json: string): boolean {
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) at = endOfText(json, at)
    else if (OPENING.includes(code)) {
      if (++depth > MAX_BODY_DEPTH) return true
    } else if (CLOSING.includes(code)) depth--
  }
  return false
}

/** The quote that ends the text which begins at `start`; the last character where none does. */
function endOfText(json: string, start: number): number {
  let at = start
  while (true) {
    at = json.indexOf('"', at + 1)
    if (at < 0) return json.length
    let escapes = 0
    while (json.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes++
    if (escapes % 2 === 0) return at
  }
}
