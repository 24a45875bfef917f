/** A secret that must not be seen, and every form in which it would be recognised. */
export interface Canary {
  readonly value: string
  isIn(text: string): boolean
}

/** Long enough that three of the four characters in base64 are the same wherever it begins. */
export function createCanary(name: string, seed: number): Canary {
  const value = `canary-${name}-${seed.toString(36).padStart(7, '0')}-of-the-sandbox`
  const forms = [value, Buffer.from(value).toString('hex'), [...value].reverse().join('')]
  for (const shift of [0, 1, 2]) {
    const encoded = Buffer.from('x'.repeat(shift) + value).toString('base64')
    forms.push(encoded.slice(shift === 0 ? 0 : 4, -4))
  }
  return { value, isIn: (text) => forms.some((form) => text.includes(form)) }
}
