import { Document, isCollection, isScalar, parseDocument, visit } from 'yaml'

/** How a definition can be written, by the end of its file's name. */
export const FORMATS = {
  json: 'plain; what is submitted in the end',
  jsonc: 'JSON with comments',
  yaml: 'least to type, with comments',
  ts: 'checked by TypeScript as you type',
} as const

export type Format = keyof typeof FORMATS

/** A line that is nothing but a comment: the only kind that templates have. */
const COMMENT_LINE = /^( *)\/\/ (.*)$/gm

/** @param text JSON with comments on lines of their own */
export function definitionText(text: string, format: Format): string {
  const write = {
    json: () => text.replaceAll(/^ *\/\/ .*\n/gm, '').replaceAll(/\n\n+/g, '\n'),
    jsonc: () => text,
    yaml: () => asYaml(text),
    ts: () =>
      `import type { Definition } from 'miniapp'\n\nexport default ${text.trimEnd()} satisfies Definition\n`,
  } satisfies Record<Format, () => string>
  return write[format]()
}

/** JSON is YAML as soon as its comments begin with `#`; it is laid out anew, in YAML's own way. */
function asYaml(text: string): string {
  const document = parseDocument(text.replaceAll(COMMENT_LINE, '$1# $2'))
  visit(document, (_key, node) => {
    if (isCollection(node)) node.flow = false
    if (isScalar(node)) node.type = undefined
  })
  return new Document(document.contents).toString({ lineWidth: 0 })
}
