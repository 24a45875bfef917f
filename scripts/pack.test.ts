/** What is published, as those who install it meet it: in an empty folder elsewhere, without this repository's sources. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'miniapps-packed-'))
const installed = (name: string) => join(folder, 'node_modules', name)
const command = () => join(installed('miniapps'), 'bin/miniapps.js')

/** Unpacks what `npm run pack` made and puts the dependencies that the manifests name beside it. */
beforeAll(async () => {
  const tarballs = execFileSync(process.execPath, [join(root, 'scripts/pack.ts'), join(folder, 'dist')], {
    encoding: 'utf8',
  })
  const names = ['miniapp', 'miniapps']
  for (const [index, tarball] of tarballs.trim().split('\n').entries()) {
    const target = installed(names[index] ?? '')
    await mkdir(target, { recursive: true })
    execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'])
  }
  for (const name of names) {
    const { dependencies = {} } = JSON.parse(readFileSync(join(installed(name), 'package.json'), 'utf8'))
    for (const dependency of Object.keys(dependencies)) await link(dependency)
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function link(dependency: string): Promise<void> {
  if (existsSync(installed(dependency))) return
  await mkdir(dirname(installed(dependency)), { recursive: true })
  symlinkSync(join(root, 'node_modules', dependency), installed(dependency))
}

function miniapps(...args: string[]) {
  const env = { ...process.env, NO_COLOR: '1', npm_lifecycle_event: '' }
  return spawnSync(process.execPath, [command(), ...args], { cwd: folder, encoding: 'utf8', env })
}

function evaluate(code: string): string {
  return execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: folder,
    encoding: 'utf8',
  })
}

describe('the packed command line', () => {
  it('is of the version that its manifest states', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8'))
    expect(miniapps('--version').stdout.trim()).toBe(version)
  })

  it('checks a definition, and says what is wrong with one', () => {
    cpSync(join(root, 'catalog/github/miniapp.json'), join(folder, 'good.json'))
    cpSync(join(root, 'packages/miniapp/test/broken/urls.json'), join(folder, 'bad.json'))
    expect(miniapps('validate', 'good.json')).toMatchObject({ status: 0 })
    expect(miniapps('validate', 'bad.json')).toMatchObject({
      status: 1,
      stdout: /bad\.json:\d+:\d+ {2}error/,
    })
  })

  it('runs an App Function in its thread', () => {
    cpSync(join(root, 'packages/cli/test/golden/input/shop.yaml'), join(folder, 'shop.yaml'))
    const { stdout, stderr } = miniapps(
      'action',
      'run',
      'shop.yaml',
      'split',
      '-i',
      'amount=3',
      '-i',
      'guests=0',
    )
    expect(stdout + stderr).toContain('Nobody is there to pay.')
  })

  it('begins a package that has no finding', () => {
    expect(miniapps('init', 'my-shop', '--template', 'commerce')).toMatchObject({ status: 0 })
    expect(miniapps('validate', 'my-shop', '--level', 'submission')).toMatchObject({ status: 0 })
  })

  it('explains a finding, which the library describes', () => {
    expect(miniapps('explain', 'unknown-property')).toMatchObject({
      status: 0,
      stdout: /unknown-property {2}error/,
    })
  })

  it('passes on the licences of what it contains', () => {
    const notices = readFileSync(join(installed('miniapps'), 'THIRD-PARTY-NOTICES.txt'), 'utf8')
    for (const name of ['zod', 'commander', 'yaml', 'jsonc-parser'])
      expect(notices).toMatch(new RegExp(`^${name} \\d`, 'm'))
  })
})

describe('the packed library', () => {
  it('is imported whole, or for checking alone', () => {
    const code = `
      const whole = await import('miniapp')
      const { validate } = await import('miniapp/validate')
      console.log(typeof whole.compileDefinition, validate({}).length > 0)`
    expect(evaluate(code).trim()).toBe('function true')
  })

  it('has the JSON Schema', () => {
    const code = `
      const { default: schema } = await import('miniapp/miniapp.schema.json', { with: { type: 'json' } })
      console.log(schema.title)`
    expect(evaluate(code).trim()).toBe('MiniApp')
  })
})

it.each(['miniapp', 'miniapps'])('%s has a manifest that installers understand', async (name) => {
  const { messages } = await publint({ pkgDir: installed(name), pack: false, strict: true })
  expect(messages).toEqual([])
})
