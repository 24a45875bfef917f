import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'

const entry = new URL('../src/validate-entry.ts', import.meta.url).href

/** Loads the surface in a process of its own and tells which modules that loaded. */
const PROGRAM = `
import { registerHooks } from 'node:module'
const loaded = []
registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
await import(${JSON.stringify(entry)})
process.stdout.write(JSON.stringify(loaded))`

it('checking alone loads neither the interpreter nor the libraries of running', () => {
  const loaded = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '--eval', PROGRAM], { encoding: 'utf8' }),
  ) as string[]
  expect(loaded).toContain(new URL('../src/validate.ts', import.meta.url).href)
  const heavy = loaded.filter((url) =>
    /libphonenumber|ajv\/dist\/(?!runtime\/)|ajv-formats|\/src\/run\/|compile\.ts$/.test(url),
  )
  expect(heavy).toEqual([])
})
