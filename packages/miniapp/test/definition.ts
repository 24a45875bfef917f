import type { Definition } from '../src/document.ts'

/** A definition with what a test is about, and the least of everything else. */
export function definitionWith(parts: Partial<Definition>): Definition {
  return {
    ns: 'acme',
    name: 'acme',
    type: 'acme',
    title: 'Acme',
    label: 'Acme',
    shortDescription: 'Orders of Acme',
    description: 'Orders of Acme',
    status: 'private',
    version: '1.0.0',
    category: 'productivity',
    icon: 'https://acme.example/icon.svg',
    logo: 'https://acme.example/logo.svg',
    docsUrl: 'https://acme.example/docs',
    auth: { type: 'none' },
    ...parts,
  }
}
