/**
 * A schema read into rules: checked whole, and within bounds, before anything is made by it.
 *
 * @module
 */
import { checkApart, isSchema, type Schema, typeOf } from './apart.ts'
import { array } from './array.ts'
import { type Choice, choice } from './choice.ts'
import { at, countOf, keywordsOf, schemaAt, typesOf, wholeOf } from './keywords.ts'
import {
  MOST_DEPTH,
  MOST_LITERAL_BYTES,
  MOST_NESTING,
  MOST_PROPERTIES,
  MOST_RULES,
} from './limits.ts'
import { literals } from './literals.ts'
import { integer, number } from './numbers.ts'
import { map, object } from './object.ts'
import { createPatternTexts } from './pattern_text.ts'
import { PatternError } from './pattern/parse.ts'
import { follow } from './pointer.ts'
import { integersOf, mayBeBelow0 } from './range.ts'
import type { Rule } from './rule.ts'
import { SchemaError } from './schema_error.ts'
import { settle } from './settle.ts'
import { text } from './text.ts'
import { createSpend } from './work.ts'

export interface ReadSchema {
  root: Rule
  /** Bytes of all that stands in answers as it is. */
  literalBytes: Set<number>
}

const encoder = new TextEncoder()

/** @throws SchemaError */
export function readSchema(schema: unknown): ReadSchema {
  const reader = new Reader(schema)
  const root = reader.read(schema, '', 0)
  settle(reader.rules, reader.spend)
  if (root.least > MOST_DEPTH) {
    throw new SchemaError('', `asks for values that never end, or nest deeper than ${MOST_DEPTH}`)
  }
  return { root, literalBytes: reader.literalBytes }
}

function jsonOf(value: unknown, path: string): string {
  try {
    return JSON.stringify(value)
  } catch {
    throw new SchemaError(path, 'has a value that nests too deep')
  }
}

class Reader {
  readonly rules: Rule[] = []
  readonly literalBytes = new Set<number>()
  readonly spend = createSpend()
  private literalLength = 0
  /** What references lead to, read once, however they spell it. */
  private readonly known = new Map<unknown, Choice>()
  private readonly patternText = createPatternTexts(this.spend)
  private anything: Rule | undefined

  constructor(private readonly whole: unknown) {}

  read(schema: unknown, path: string, nesting: number): Rule {
    if (nesting > MOST_NESTING) throw new SchemaError(path, `stands deeper than ${MOST_NESTING}`)
    if (schema === true) return this.any()
    const own = schemaAt(schema, path)
    this.spend(Object.keys(own).length)
    const said = keywordsOf(own, path)
    const rule = said.length === 0 ? this.any() : this.plain(own, said, path, nesting)
    if (own['nullable'] !== true) return rule
    return this.make((id) => choice(id, [rule, this.fixed([null], path)]), path)
  }

  private plain(own: Schema, said: string[], path: string, nesting: number): Rule {
    switch (wholeOf(said, path)) {
      case '$ref':
        return this.reference(own['$ref'], at(path, '$ref'), nesting)
      case 'anyOf':
        return this.either(own['anyOf'], at(path, 'anyOf'), nesting)
      case 'oneOf':
        return this.apart(own['oneOf'], at(path, 'oneOf'), nesting)
      case 'allOf': {
        const list = own['allOf']
        if (Array.isArray(list) && list.length === 1) {
          return this.read(list[0], at(path, 'allOf.0'), nesting + 1)
        }
        throw new SchemaError(at(path, 'allOf'), 'is kept to with one entry only: make one of them')
      }
      case 'const':
        return this.values(own, [own['const']], at(path, 'const'))
      case 'enum': {
        const list = own['enum']
        if (Array.isArray(list) && list.length > 0) return this.values(own, list, at(path, 'enum'))
        throw new SchemaError(at(path, 'enum'), 'must be a list of one value at least')
      }
    }
    const made = typesOf(own, said, path).map((type) => this.ofType(type, own, path, nesting))
    return made.length === 1 ? made[0]! : this.make((id) => choice(id, made), path)
  }

  private ofType(type: string, own: Schema, path: string, nesting: number): Rule {
    switch (type) {
      case 'object':
        return this.object(own, path, nesting)
      case 'array':
        return this.array(own, path, nesting)
      case 'string':
        return this.string(own, path)
      case 'boolean':
        return this.fixed([true, false], path)
      case 'null':
        return this.fixed([null], path)
      case 'integer': {
        const { min, max } = integersOf(own, path)
        return this.make((id) => integer(id, min, max), path)
      }
      default: {
        const isSigned = mayBeBelow0(own, path)
        return this.make((id) => number(id, isSigned), path)
      }
    }
  }

  private object(own: Schema, path: string, nesting: number): Rule {
    const { properties, additionalProperties: others, required = [] } = own
    if (!Array.isArray(required) || required.some((name) => typeof name !== 'string')) {
      throw new SchemaError(at(path, 'required'), 'must be a list of names')
    }
    if (required.length > MOST_PROPERTIES) {
      throw new SchemaError(at(path, 'required'), `are more than ${MOST_PROPERTIES}`)
    }
    if (others !== undefined && typeof others !== 'boolean' && !isSchema(others)) {
      throw new SchemaError(at(path, 'additionalProperties'), 'must be false, true or a schema')
    }
    if (properties === undefined && required.length === 0 && others !== false) {
      const value = this.read(others ?? true, at(path, 'additionalProperties'), nesting + 1)
      const key = this.make((id) => text(id), path)
      return this.make((id) => map(id, key, value), path)
    }
    if (isSchema(others)) {
      throw new SchemaError(
        at(path, 'additionalProperties'),
        'of a schema is kept to without properties only: say false, and list the properties',
      )
    }
    const listed = Object.entries(schemaAt(properties ?? {}, at(path, 'properties')))
    if (listed.length > MOST_PROPERTIES) {
      throw new SchemaError(at(path, 'properties'), `are more than ${MOST_PROPERTIES}`)
    }
    const names = new Set(listed.map(([name]) => name))
    const missing = required.find((name) => !names.has(name))
    if (missing !== undefined) {
      throw new SchemaError(
        at(path, 'required'),
        `names ${
          JSON.stringify(missing).slice(0, 60)
        }, which is not among properties: list it there`,
      )
    }
    const needed = new Set(required)
    const made = listed.map(([name, schema]) => ({
      name: this.literal(`${JSON.stringify(name)}:`, path),
      rule: this.read(schema, at(path, `properties.${name}`), nesting + 1),
      isRequired: needed.has(name),
    }))
    return this.make((id) => object(id, made), path)
  }

  private array(own: Schema, path: string, nesting: number): Rule {
    const { prefixItems = [], items } = own
    if (!Array.isArray(prefixItems)) {
      throw new SchemaError(at(path, 'prefixItems'), 'must be a list of schemas')
    }
    const first = prefixItems.map((one, i) =>
      this.read(one, at(path, `prefixItems.${i}`), nesting + 1)
    )
    if (Array.isArray(items)) {
      throw new SchemaError(at(path, 'items'), 'must be one schema: a list of them is prefixItems')
    }
    const rest = items === false
      ? undefined
      : this.read(items ?? true, at(path, 'items'), nesting + 1)
    const min = countOf(own, 'minItems', path, 0)
    const max = countOf(own, 'maxItems', path, Infinity)
    if (min > max || rest === undefined && min > first.length) {
      throw new SchemaError(at(path, 'minItems'), 'is more than there may be')
    }
    return this.make((id) => array(id, { first, rest, min, max }), path)
  }

  private string(own: Schema, path: string): Rule {
    const min = countOf(own, 'minLength', path, 0)
    const max = countOf(own, 'maxLength', path, Infinity)
    if (min > max) throw new SchemaError(at(path, 'minLength'), 'is more than maxLength')
    const { pattern } = own
    if (pattern === undefined) return this.make((id) => text(id, min, max), path)
    if (typeof pattern !== 'string') {
      throw new SchemaError(at(path, 'pattern'), 'must be a regular expression, as a string')
    }
    try {
      return this.make((id) => this.patternText(id, pattern, min, max), path)
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      throw new SchemaError(at(path, 'pattern'), error.message)
    }
  }

  private reference(reference: unknown, path: string, nesting: number): Rule {
    const target = typeof reference === 'string' ? this.follow(reference) : undefined
    if (target === undefined) {
      throw new SchemaError(path, 'leads nowhere: it must be as #/$defs/NAME, within the schema')
    }
    const known = this.known.get(target)
    if (known !== undefined) return known
    const rule = this.make((id) => choice(id), path)
    this.known.set(target, rule)
    rule.options = [this.read(target, String(reference).slice(0, 200), nesting + 1)]
    return rule
  }

  private follow(reference: string): unknown {
    this.spend(reference.length)
    return follow(this.whole, reference)
  }

  private either(list: unknown, path: string, nesting: number): Rule {
    if (!Array.isArray(list) || list.length === 0) {
      throw new SchemaError(path, 'must be a list of one schema at least')
    }
    const made = list.map((one, i) => this.read(one, at(path, i), nesting + 1))
    return this.make((id) => choice(id, made), path)
  }

  private apart(list: unknown, path: string, nesting: number): Rule {
    const rule = this.either(list, path, nesting)
    checkApart(list as unknown[], this.whole, path, this.spend)
    return rule
  }

  private values({ type }: Schema, list: readonly unknown[], path: string): Rule {
    const types = type === undefined ? undefined : new Set(Array.isArray(type) ? type : [type])
    this.spend(list.length)
    const fits = (value: unknown) =>
      types === undefined || types.has(typeOf(value)) ||
      types.has('integer') && Number.isInteger(value)
    const fitting = list.filter(fits)
    if (fitting.length === 0) throw new SchemaError(path, 'has no value of its type')
    return this.fixed(fitting, path)
  }

  private fixed(values: readonly unknown[], path: string): Rule {
    const texts = values.map((value) => this.literal(jsonOf(value, path), path))
    return this.make((id) => literals(id, texts), path)
  }

  private literal(json: string, path: string): Uint8Array {
    const bytes = encoder.encode(json)
    this.spend(bytes.length)
    this.literalLength += bytes.length
    if (this.literalLength > MOST_LITERAL_BYTES) {
      throw new SchemaError(path, `brings names and values to over ${MOST_LITERAL_BYTES} bytes`)
    }
    for (const byte of bytes) this.literalBytes.add(byte)
    return bytes
  }

  /** Any JSON. */
  private any(): Rule {
    if (this.anything !== undefined) return this.anything
    const rule = this.make((id) => choice(id), '')
    this.anything = rule
    const word = this.make((id) => text(id), '')
    rule.options = [
      this.make((id) => map(id, word, rule), ''),
      this.make((id) => array(id, { first: [], rest: rule, min: 0, max: Infinity }), ''),
      word,
      this.make((id) => number(id), ''),
      this.fixed([true, false, null], ''),
    ]
    return rule
  }

  private make<T extends Rule>(made: (id: number) => T, path: string): T {
    if (this.rules.length >= MOST_RULES) {
      throw new SchemaError(path, `is beyond the ${MOST_RULES} parts that a schema may have`)
    }
    const rule = made(this.rules.length)
    this.rules.push(rule)
    return rule
  }
}
