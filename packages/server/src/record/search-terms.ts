/**
 * Searching customers and records by the beginnings of words. A row's words are the lexemes of a `tsvector`, each led by its
 * workspace: one GIN index serves all workspaces and still keeps the words of each apart.
 */
import { foldText } from '../db/fold-text.ts'

/** Characters of a word that count; PostgreSQL takes 2046 bytes of a lexeme. */
const MAX_WORD_CHARACTERS = 60
/** Words of a row: more are prose, which is not what people search for. */
const MAX_WORDS = 100
/** Words of a search; each is one more list to intersect. */
const MAX_SEARCHED_WORDS = 8
/** Digits that end a phone number in every way it is written: with country code, with a trunk zero, with neither. */
const LOCAL_DIGITS = 9

/** What is written to `search`. */
export function searchTerms(workspaceId: string, texts: readonly unknown[]): string[] {
  const words = texts.flatMap((text) => wordsOf(text))
  const lead = leadOf(workspaceId)
  return [...new Set(words)].slice(0, MAX_WORDS).map((word) => lead + word)
}

/** A `tsquery`: every word begins a word of the row. Undefined where the text holds no word. */
export function searchQuery(workspaceId: string, text: string): string | undefined {
  const words = [...new Set(splitWords(text))].slice(0, MAX_SEARCHED_WORDS)
  if (words.length === 0) return undefined
  const lead = leadOf(workspaceId)
  const begins = (word: string) => `'${lead}${word}':*`
  return words
    .map((word) => (isPhone(word) ? `(${begins(word)} | ${begins(localPart(word))})` : begins(word)))
    .join(' & ')
}

function wordsOf(text: unknown): string[] {
  if (typeof text !== 'string' && typeof text !== 'number') return []
  return splitWords(String(text)).flatMap((word) => (isPhone(word) ? [word, localPart(word)] : [word]))
}

/** Letters and digits alone, so that no word needs quoting. */
function splitWords(text: string): string[] {
  const words = foldText(text).match(/[\p{L}\p{N}]+/gu) ?? []
  return words.map((word) => [...word].slice(0, MAX_WORD_CHARACTERS).join(''))
}

function isPhone(word: string): boolean {
  return word.length >= LOCAL_DIGITS && /^\d+$/.test(word)
}

function localPart(digits: string): string {
  return digits.slice(-LOCAL_DIGITS)
}

/** 22 characters. */
function leadOf(workspaceId: string): string {
  return Buffer.from(workspaceId.replaceAll('-', ''), 'hex').toString('base64url')
}
