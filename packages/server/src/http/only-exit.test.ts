import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'

/** What can open a connection: nothing but this folder may use it, or the guard would be one way out of two (10.4). */
const CLIENTS =
  /import\s+(?!type\b)[^;'"]*?from\s+'(undici|(node:)?(https?|http2|net|tls|dgram))'|import\('(undici|(node:)?(https?|http2|net|tls|dgram))'\)|(?<![.\w])fetch\(/

/** The whole of the folder's surface; the rest are its parts. What comes in is decoded under the limits of what was asked for. */
const SURFACE = /\/http\/(send|egress-settings|decode-body|url-refusal)\.ts$/

const src = resolve(import.meta.dirname, '..')
const files = globSync('**/*.ts', { cwd: src })
  .filter((path) => !path.endsWith('.test.ts') && !path.startsWith('http/'))
  .map((path) => ({ path, text: readFileSync(resolve(src, path), 'utf8') }))

it('finds the sources it is about, and what it looks for', () => {
  expect(files.map(({ path }) => path)).toContain('config.ts')
  expect("import { Agent } from 'undici'").toMatch(CLIENTS)
  expect("import {\n  connect,\n} from 'node:net'").toMatch(CLIENTS)
  expect("await import('node:https')").toMatch(CLIENTS)
  expect('return fetch(url)').toMatch(CLIENTS)
  expect("import type { IncomingMessage } from 'node:http'").not.toMatch(CLIENTS)
  expect('yoga.fetch(request)').not.toMatch(CLIENTS)
})

it('no other folder of the server opens connections of its own', () => {
  expect(files.filter(({ text }) => CLIENTS.test(text)).map(({ path }) => path)).toEqual([])
})

it('other folders use the client and its settings, not its parts', () => {
  const wrong = files.flatMap(({ path, text }) =>
    [...text.matchAll(/from\s+'(\.[^']*\/http\/[^']+)'/g)]
      .map(([, specifier = '']) => specifier)
      .filter((specifier) => !SURFACE.test(specifier))
      .map((specifier) => `${path}: ${specifier}`),
  )
  expect(wrong).toEqual([])
})
