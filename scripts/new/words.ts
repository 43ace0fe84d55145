// The spellings of a name that templates need.

export const camel = (text: string): string => text.replace(/[-_ ]+(\w)/g, (_, letter: string) => letter.toUpperCase())
export const pascal = (text: string): string => {
  const name = camel(text)
  return name.charAt(0).toUpperCase() + name.slice(1)
}
export const words = (text: string): string => text.replaceAll(/[-_]/g, ' ')
/** As a title: its first letter is large. */
export const sentence = (text: string): string => words(text).charAt(0).toUpperCase() + words(text).slice(1)

/** `volume-types` to `volume-type`, as folders are named. */
export const singular = (plural: string): string => {
  if (plural.endsWith('ies')) return `${plural.slice(0, -3)}y`
  if (/(ss|sh|ch|x)es$/.test(plural)) return plural.slice(0, -2)
  return plural.endsWith('s') && !plural.endsWith('ss') ? plural.slice(0, -1) : plural
}

/** All that is said of a thing: `Volume` in types, `volume` in variables, `volume_id` in paths. */
export const namesOf = (plural: string) => {
  const one = singular(plural)
  return {
    thing: camel(one),
    Thing: pascal(one),
    things: camel(plural) === camel(one) ? `${camel(one)}Resource` : camel(plural),
    Things: sentence(plural),
    thing_: one.replaceAll('-', '_'),
    one: one.replaceAll('-', '_'),
    many: plural.replaceAll('-', '_'),
    word: words(one),
    words: words(plural),
    word_: one.replaceAll('-', '_'),
    'word-': one,
  }
}
