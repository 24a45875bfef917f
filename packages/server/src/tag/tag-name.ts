/** Characters (UTF-16 code units) of a name: the longest tag of the shops that we know has 255. */
export const MAX_TAG_NAME_CHARACTERS = 255

/** A name in the form in which it is kept and compared; empty where there is none. Longer ones are cut. */
export function tagName(text: string): string {
  return text.normalize('NFC').trim().slice(0, MAX_TAG_NAME_CHARACTERS).toWellFormed().trimEnd()
}
