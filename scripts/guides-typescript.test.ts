/** What guides show as whole TypeScript modules compiles, and what they export is a valid definition. */
import { execFile } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { validate } from '../packages/miniapp/src/index.ts'
import { codeBlocks } from './guides.ts'

const root = resolve(import.meta.dirname, '..')
const run = promisify(execFile)
/** As an author's, where `miniapp` is installed. */
const folder = mkdtempSync(join(tmpdir(), 'miniapps-guides-'))
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
afterAll(() => rmSync(folder, { recursive: true }))

const modules = globSync('docs/guides/*.md', { cwd: root }).flatMap((path) =>
  codeBlocks(readFileSync(join(root, path), 'utf8'))
    .filter(({ language, info }) => language === 'ts' && info === 'module')
    .map(({ line, text }) => ({ at: `${path}:${line}`, text })),
)

describe.each(modules)('the module at $at', ({ text }) => {
  const file = join(folder, 'miniapp.ts')

  it('compiles, and not with a misspelt name', async () => {
    writeFileSync(file, text)
    const misspelt = join(folder, 'misspelt.ts')
    writeFileSync(misspelt, text.replace('sensitiveKeys', 'sensitivKeys'))
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { noEmit: true, types: [] },
      include: [file, misspelt],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], {
      cwd: folder,
    }).catch((failed: { stdout: string }) => failed)
    const errors = stdout.split('\n').filter((line) => /^\S.*: error TS/.test(line))
    expect(errors).toEqual([expect.stringMatching(/^misspelt\.ts\(.*sensitivKeys/)])
  })

  it('exports a valid definition', async () => {
    writeFileSync(file, text)
    const exports = (await import(pathToFileURL(file).href)) as { default: unknown }
    expect(validate(exports.default).filter(({ severity }) => severity === 'error')).toEqual([])
  })
})

it('finds the modules it is about', () => expect(modules.length).toBeGreaterThan(0))
