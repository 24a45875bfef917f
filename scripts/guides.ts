/** What the tests of the guides read from Markdown: code blocks, links, commands. */
import { anchor } from './generate-markdown.ts'

export interface CodeBlock {
  language: string
  /** What stands behind the language: how a test reads the block. */
  info: string
  text: string
  /** Line of the opening fence, from 1. */
  line: number
}

export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\S*)[ \t]*(.*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, language = '', info = '', text = ''] = match
    return { language, info, text, line: markdown.slice(0, match.index).split('\n').length }
  })
}

/** Targets of the links and images outside code. */
export function links(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
}

/** The ids that links into the page can use. */
export function anchors(markdown: string): Set<string> {
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, '')
  return new Set(
    [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchor(heading.replaceAll('`', ''))),
  )
}

/** Text between single backticks, outside code blocks. */
export function codeSpans(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, '')
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span)
}

/**
 * Puts a value at a place of a document, as the operation `add` of JSON Patch does (RFC 6902, 4.1): `-` stands for the
 * end of a list, an existing member is replaced.
 * @throws Error where the place has no parent
 */
export function addAt(document: unknown, pointer: string, value: unknown): unknown {
  const copy = structuredClone(document)
  const keys = pointer.split('/').slice(1)
  const last = keys.pop() ?? ''
  const parent = keys.reduce<unknown>(
    (node, key) => (node as Record<string, unknown> | undefined)?.[key],
    copy,
  )
  if (typeof parent !== 'object' || parent === null) throw new Error(`Nothing is at the parent of ${pointer}`)
  if (Array.isArray(parent)) parent.splice(last === '-' ? parent.length : Number(last), 0, value)
  else (parent as Record<string, unknown>)[last] = value
  return copy
}

/** Commands of a `sh` block, as words, without environment assignments, comments and what follows a `|`. */
export function commands(text: string): string[][] {
  return text
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => wordsOf(line.replace(/(^|\s)#.*$/, '').replace(/\s[|>].*$/, '')))
    .map((words) => words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word))))
    .filter((words) => words.length > 0)
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) => word.replaceAll(/['"]/g, ''))
}
