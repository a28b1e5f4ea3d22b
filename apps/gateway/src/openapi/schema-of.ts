import type { JsonSchema } from '@app/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage } from 'class-validator';
import { SMALL_MAP_SCHEMA } from '../verification/is-small-map.js';

type RequestClass = new () => object;
type Constraints = readonly unknown[];

/** What each validator that we use means to JSON Schema. One that is not here is refused, not left out. */
const KEYWORDS: Readonly<Record<string, (constraints: Constraints) => JsonSchema>> = {
  isString: () => ({ type: 'string' }),
  isBoolean: () => ({ type: 'boolean' }),
  isInt: () => ({ type: 'integer' }),
  isNumber: () => ({ type: 'number' }),
  isObject: () => ({ type: 'object' }),
  isNotEmpty: () => ({ minLength: 1 }),
  minLength: ([minLength]) => ({ type: 'string', minLength }),
  maxLength: ([maxLength]) => ({ type: 'string', maxLength }),
  isLength: ([minLength, maxLength]) => ({ type: 'string', minLength, ...(maxLength !== undefined && { maxLength }) }),
  min: ([minimum]) => ({ minimum }),
  max: ([maximum]) => ({ maximum }),
  matches: ([pattern]) => ({ type: 'string', pattern: (pattern as RegExp).source }),
  isIn: ([values]) => ({ enum: values }),
  isEnum: ([, values]) => ({ enum: values }),
  isIp: () => ({ type: 'string', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] }),
  isUrl: () => ({ type: 'string', format: 'uri' }),
  isUuid: () => ({ type: 'string', format: 'uuid' }),
  isIso8601: () => ({ type: 'string', format: 'date-time' }),
  isNetwork: () => ({ type: 'string', description: 'An IP address, or a network such as 10.0.0.0/8.' }),
  isSmallMap: () => SMALL_MAP_SCHEMA,
};
const ARRAY_KEYWORDS: typeof KEYWORDS = {
  isArray: () => ({ type: 'array' }),
  arrayNotEmpty: () => ({ minItems: 1 }),
  arrayMinSize: ([minItems]) => ({ minItems }),
  arrayMaxSize: ([maxItems]) => ({ maxItems }),
  arrayUnique: () => ({ uniqueItems: true }),
};

/** The JSON Schema of a request, from its class-validator class. Every member may be `null` that may be left out. */
export function schemaOf(Request: RequestClass): JsonSchema {
  const members = membersOf(Request);
  const required = members.filter(({ optional }) => !optional).map(({ name }) => name);
  return {
    title: Request.name,
    type: 'object',
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(
      members.map(({ name, schema, optional }) => [name, optional ? orNull(schema) : schema]),
    ),
    additionalProperties: false,
  };
}

export interface Member {
  readonly name: string;
  readonly optional: boolean;
  readonly schema: JsonSchema;
}

/** The members of a request class, in the order of their names. */
export function membersOf(Request: RequestClass): Member[] {
  const standard = new Request() as Record<string, unknown>;
  const all = getMetadataStorage().getTargetValidationMetadatas(Request, '', false, false);
  return [...new Set(all.map(({ propertyName }) => propertyName))].sort().map((name) => {
    const its = all.filter(({ propertyName }) => propertyName === name);
    const optional = its.some((validator) => validator.name === 'isOptional');
    const items: JsonSchema[] = [];
    const own: JsonSchema[] = [];
    for (const validator of its) {
      if (validator.name === 'isOptional') continue;
      const schema = validator.type === 'nestedValidation' ? schemaOf(nestedIn(Request, name)) : undefined;
      const array = ARRAY_KEYWORDS[validator.name ?? ''];
      const keyword = array ?? KEYWORDS[validator.name ?? ''];
      if (!schema && !keyword)
        throw new Error(`${Request.name}.${name}: schema-of.ts does not know the validator ${validator.name}`);
      const to = validator.each && !array ? items : own;
      to.push(schema ?? keyword!(validator.constraints ?? []));
    }
    const list = items.length > 0 ? [{ type: 'array', items: allOf(items) }] : [];
    const merged = allOf([...own, ...list]);
    return {
      name,
      optional,
      schema: standard[name] === undefined ? merged : { ...merged, default: standard[name] },
    };
  });
}

const allOf = (schemas: readonly JsonSchema[]): JsonSchema =>
  Object.fromEntries(schemas.flatMap((schema) => Object.entries(schema)));

/** The class that class-transformer makes of a member. */
const nestedIn = (Request: RequestClass, name: string): RequestClass =>
  (plainToInstance(Request, { [name]: {} }) as Record<string, { constructor: RequestClass }>)[name]!.constructor;

const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] });
