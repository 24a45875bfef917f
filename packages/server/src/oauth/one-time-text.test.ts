import { describe, expect, it } from 'vitest'
import { makeOneTimeText, readOneTimeText } from './one-time-text.ts'

const WORKSPACE = '0192f0c1-2345-7abc-8def-0123456789ab'
const { text, hash } = makeOneTimeText(WORKSPACE)

describe('a one-time text', () => {
  it('names its workspace and is found by its hash', () => {
    expect(readOneTimeText(text)).toEqual({ workspaceId: WORKSPACE, hash })
    expect(hash).toHaveLength(32)
  })

  it('has 256 random bits and goes into a URL as it is', () => {
    expect(text).toMatch(/^[0-9a-f]{32}\.[A-Za-z0-9_-]{43}$/)
    expect(encodeURIComponent(text)).toBe(text)
    expect(makeOneTimeText(WORKSPACE).text).not.toBe(text)
  })

  it.each([
    ['empty', ''],
    ['without its random part', text.slice(0, 33)],
    ['cut', text.slice(0, -1)],
    ['longer', `${text}A`],
    ['with a line break', `${text}\n`],
    ['in capitals', text.toUpperCase()],
    ['with hyphens in its workspace', `${WORKSPACE}.${text.slice(33)}`],
    ['with NUL', `${text.slice(0, 40)}\0${text.slice(41)}`],
  ])('one that is %s was never made', (_name, changed) => {
    expect(readOneTimeText(changed)).toBeUndefined()
  })

  it('of another workspace is another one', () => {
    const other = readOneTimeText(`${'0'.repeat(32)}${text.slice(32)}`)
    expect(other?.workspaceId).toBe('00000000-0000-0000-0000-000000000000')
    expect(other?.hash.equals(hash)).toBe(false)
  })
})
