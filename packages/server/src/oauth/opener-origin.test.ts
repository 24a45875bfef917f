import { expect, test } from 'vitest'
import { isOpenerOrigin } from './opener-origin.ts'

test.each([
  ['https://app.example.com', true],
  ['https://app.example.com:8443', true],
  ['https://xn--mgbh0fb.example', true],
  ['http://localhost:3000', true],
  ['http://127.0.0.1', true],
  ['http://[::1]:8080', true],
  ['http://app.example.com', false],
  ['https://app.example.com/', false],
  ['https://app.example.com/path', false],
  ['https://app.example.com?x', false],
  ['https://app.example.com:443', false],
  ['https://App.example.com', false],
  ['https://user@app.example.com', false],
  ['https://app.example.com\n', false],
  [' https://app.example.com', false],
  ['//app.example.com', false],
  ['app.example.com', false],
  ['*', false],
  ['null', false],
  ['', false],
  ['javascript:alert(1)', false],
  ['data:text/html,x', false],
  ['file:///etc', false],
  ['blob:https://app.example.com', false],
  ['ftp://app.example.com', false],
  ['https://', false],
])('%j: %s', (text, expected) => {
  expect(isOpenerOrigin(text)).toBe(expected)
})
