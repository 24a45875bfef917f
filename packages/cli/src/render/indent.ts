/** Every line that is not empty begins with `by`. */
export function indent(text: string, by = '  '): string {
  return text.replace(/^(?=.)/gm, by)
}
