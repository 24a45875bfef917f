/** Markdown of the generated reference. */

/** A code span that survives in a table cell and may itself hold backticks. */
export function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`'
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : ''
  return `${fence}${pad}${text}${pad}${fence}`
}

/** @param rows cells of Markdown; line breaks become spaces and pipes are escaped */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

function cell(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|')
}

export function codeBlock(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``
}

/** The id that GitHub and other renderers give a heading. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')
}

/** A whole page. @param source the file of the table that the page is made from */
export function page(title: string, source: string, blocks: readonly string[]): string {
  const notice = `<!-- Generated from ${source} by \`npm run generate\`. Do not edit. -->`
  return `${[`# ${title}`, notice, ...blocks].join('\n\n')}\n`
}
