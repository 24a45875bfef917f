/** Arabic letter forms that searchers do not tell apart. */
const ARABIC_FORMS: Record<string, string> = { أ: 'ا', إ: 'ا', آ: 'ا', ى: 'ي', ة: 'ه', ؤ: 'و', ئ: 'ي' }

/** Case, accents, Arabic vowel signs and letter forms folded, for searching (specification 8.4). */
export function foldText(text: string): string {
  return text
    .replace(/[أإآىةؤئ]/g, (letter) => ARABIC_FORMS[letter] ?? letter)
    .normalize('NFKD')
    .replace(/[\p{M}\u0640]/gu, '')
    .toLowerCase()
}
