import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ask } from './ask.ts'
import { completeIdentity, nsFrom, titleFrom } from './identity.ts'
import { init } from './init.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'miniapps-init-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const quietly = () => ({ directory, isTerminal: false, yes: false })
const nothing = (text: string) => text
const plain = {
  strong: nothing,
  faint: nothing,
  good: nothing,
  bad: nothing,
  doubtful: nothing,
  place: nothing,
}

describe('init', () => {
  it('writes a package under the names that were given, everywhere they belong', async () => {
    await init({ folder: 'shops/my-shop', template: 'commerce', title: 'My "Shop"' }, quietly())
    const folder = join(directory, 'shops/my-shop')
    const definition = JSON.parse(await readFile(join(folder, 'miniapp.json'), 'utf8'))
    expect(definition).toMatchObject({
      ns: 'my-shop',
      name: 'my-shop',
      title: 'My "Shop"',
      category: 'ecommerce',
      triggers: [{ type: 'miniapps:my-shop' }, { type: 'miniapps:my-shop' }],
    })
    const names = (await readdir(folder, { recursive: true })).map((name) => name.replaceAll('\\', '/'))
    for (const name of ['SETUP.md', 'CHANGELOG.md', 'samples/order.created.json', '.vscode/settings.json'])
      expect(names).toContain(name)
    expect(await readFile(join(folder, '.gitignore'), 'utf8')).toContain('sandbox.json\n')
    for (const name of names.filter((one) => /\.(json|md)$/.test(one) && !one.startsWith('.vscode')))
      expect(await readFile(join(folder, name), 'utf8'), name).not.toMatch(/cart-house|Cart House/)
  })

  it('says what to do next, in commands that can be copied', async () => {
    const { text } = await init({ folder: 'it is mine', ns: 'mine' }, quietly())
    expect(text(plain)).toContain("miniapps validate 'it is mine' --level submission\n")
    expect(text(plain)).toContain("miniapps connect 'it is mine' --credential apiKey=…\n")
    expect(text(plain)).toMatch(/miniapps action run 'it is mine' createTicket -i queue=que_1 -i '/)
  })

  it('overwrites nothing and writes nothing where one file is there', async () => {
    await writeFile(join(directory, 'SETUP.md'), 'mine')
    const call = init({ folder: '.', ns: 'my-service' }, quietly())
    await expect(call).rejects.toMatchObject({
      exit: 'unreadable',
      message: expect.stringMatching(/already has SETUP\.md; nothing is overwritten\.$/),
    })
    expect(await readdir(directory)).toEqual(['SETUP.md'])
    expect(await readFile(join(directory, 'SETUP.md'), 'utf8')).toBe('mine')
  })
})

describe('what somebody decides', () => {
  it.each([
    ['My Shop 2', 'my-shop-2'],
    ['--Café--', 'cafe'],
    ['متجر', ''],
    ['a'.repeat(70), 'a'.repeat(64)],
  ])('%s becomes the namespace %s', (text, ns) => {
    expect(nsFrom(text)).toBe(ns)
  })

  it('takes names from the folder, and the rest from the template', () => {
    expect(completeIdentity({ folder: 'apps/my-chat', template: 'messaging' })).toEqual({
      ns: 'my-chat',
      title: 'My Chat',
      template: 'messaging',
      category: 'communication',
      format: 'json',
    })
    expect(titleFrom('a-b')).toBe('A B')
  })

  it.each([
    [{}, /needs a folder or a namespace/],
    [{ folder: 'x' }, /2 to 64 characters/],
    [{ ns: 'My_App' }, /lower-case words joined by hyphens/],
    [{ ns: 'ok', title: 'x'.repeat(81) }, /1 to 80 characters/],
    [{ ns: 'ok', template: 'comerce' }, /no template "comerce"\. Did you mean commerce\?/],
    [{ ns: 'ok', category: 'shop' }, /no category "shop"/],
    [{ ns: 'ok', format: 'toml' }, /no format "toml"/],
  ])('refuses %j', (given, message) => {
    expect(() => completeIdentity(given)).toThrow(message)
  })
})

/** A terminal on which each question is answered with the next of `keys`. */
function terminal(keys: string[]) {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => input })
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 100, rows: 40 })
  let shown = ''
  output.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
    // A question hides the cursor when it begins.
    if (chunk.includes('\u001b[?25l')) setImmediate(() => input.write(keys.shift() ?? '\r'))
  })
  return { streams: { input, output }, shown: () => shown }
}

describe('on a terminal', () => {
  it('asks for what was not given, and takes the usual answer for Enter', async () => {
    const { streams, shown } = terminal([])
    const answers = await ask({ folder: 'my-shop', template: 'commerce' }, streams)
    expect(answers).toEqual({
      folder: 'my-shop',
      ns: 'my-shop',
      title: 'My Shop',
      template: 'commerce',
      category: 'ecommerce',
      format: 'json',
    })
    expect(shown()).toContain('What is the service called?')
    expect(shown()).not.toContain('Begin with')
  })

  it('writes nothing where it is broken off', async () => {
    const { streams } = terminal(['\u0003'])
    await expect(ask({}, streams)).rejects.toMatchObject({ message: 'Broken off; nothing was written.' })
  })
})
