import { expect, it } from 'vitest'
import { CliError } from '../cli-error.ts'
import { readStandIns } from './stand-in.ts'

const standIns = readStandIns(['https://api.example.com=http://127.0.0.1:4001'])

it('sends one origin elsewhere, and no other', () => {
  expect(standIns.originFor('https://api.example.com')).toBe('http://127.0.0.1:4001')
  expect(standIns.originFor('https://example.com')).toBeUndefined()
  expect(standIns.originFor('http://api.example.com')).toBeUndefined()
})

it.each([
  ['its address', 'http://127.0.0.1:4001/b?c#d', 'https://api.example.com/b?c#d'],
  ['another name of this machine', 'http://localhost:4001/b', 'https://api.example.com/b'],
  ['the name that it was asked by', 'http://api.example.com/b', 'https://api.example.com/b'],
  ['anything else', 'http://127.0.0.1:4002/b', 'http://127.0.0.1:4002/b'],
  ['what is no address', '/b', '/b'],
])('restores %s', (_name, url, expected) => {
  expect(standIns.restore(url)).toBe(expected)
})

it.each([
  'https://api.example.com',
  'a=b',
  'https://a.example/path=http://127.0.0.1:1',
  'https://a.example=http://b=c',
  'ftp://a.example=http://127.0.0.1:1',
])('refuses %s', (pair) => {
  expect(() => readStandIns([pair])).toThrow(CliError)
})
