/** Files that cannot be read as authors meant them, as data: each is told at its line and column, with what mends it. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkSource } from '../src/definition/check-source.ts'
import { readSource } from '../src/definition/read-source.ts'
import { cliIn, temporaryFolder } from './run-cli.ts'

interface Mistake {
  title: string
  file: string
  text: string
  /** In order; `line` and `column` are null where the text of the format is not kept. */
  findings: { code: string; line: number | null; column: number | null; says: string }[]
}

const MISTAKES = JSON.parse(
  readFileSync(join(import.meta.dirname, 'mistakes/files.json'), 'utf8'),
) as Mistake[]
const isModule = ({ file }: Mistake) => file.endsWith('.mjs')
const home = temporaryFolder()
afterAll(() => home.remove())

interface Shown {
  code: string
  message: string
  line?: number
  column?: number
}

function expectTold(found: readonly Shown[], { findings }: Mistake): void {
  const messages = found.map(({ message }) => message)
  const places = found.map(({ code, line = null, column = null }) => [code, line, column])
  expect(places.slice(0, findings.length), messages.join('\n')).toEqual(
    findings.map(({ code, line, column }) => [code, line, column]),
  )
  for (const [index, { says }] of findings.entries()) expect(messages[index]).toContain(says)
  for (const message of messages) expect(message).toMatch(/^(?:[A-Z`]|unknown property)[^\n]*[.?]$/)
}

describe('an author', () => {
  test.each(MISTAKES.filter((one) => !isModule(one)).map((one) => [one.title, one] as const))(
    '%s',
    async (_, mistake) => {
      const folder = mkdtempSync(join(home.folder, 'case-'))
      writeFileSync(join(folder, mistake.file), mistake.text)
      const found = await checkSource(await readSource(mistake.file, folder), { level: 'schema' })
      expectTold(
        found.map((one) => ({ ...one, ...one.position })),
        mistake,
      )
    },
  )

  // Node alone loads modules as the command line does.
  test('of a module is told why it cannot be used', async () => {
    const modules = MISTAKES.filter(isModule)
    const files = modules.map(({ text }, index) => {
      writeFileSync(join(home.folder, `${index}.mjs`), text)
      return `${index}.mjs`
    })
    const cli = cliIn(home.folder, home.folder)
    const { document } = await cli.json(['validate', '--level', 'schema', ...files])
    const checked = (document as { files: { findings: Shown[] }[] }).files
    expect(checked).toHaveLength(modules.length)
    for (const [index, { findings }] of checked.entries()) expectTold(findings, modules[index] as Mistake)
  })
})
