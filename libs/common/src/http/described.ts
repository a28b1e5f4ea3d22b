import 'reflect-metadata';

/** JSON Schema 2020-12. One with a `title` stands under that name among the components, and everywhere else by reference. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** What a route promises, beyond what its parameters and decorators say themselves. */
export interface Described {
  readonly summary: string;
  /** The answer when all went well. */
  readonly answer: {
    readonly description: string;
    readonly schema: JsonSchema;
    /** `application/json` where it is not given. */
    readonly contentType?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly example?: unknown;
  };
  /** Codes of the problems that only this route and its like have, by status. Those that any route may have are known. */
  readonly problems?: Readonly<Record<number, readonly string[]>>;
}

const DESCRIBED = Symbol('otpost:described');
type Methods<T> = { [K in keyof T as T[K] extends (...args: never[]) => unknown ? K : never]?: Described };

/** On a controller: its routes, by the names of their methods. `docs/openapi.json` is made from it. */
export const Describe =
  <T extends object>(methods: Methods<T>) =>
  (controller: new (...args: never[]) => T): void =>
    Reflect.defineMetadata(DESCRIBED, methods, controller);

/** What is said of a controller's method, or undefined. */
export const descriptionOf = (controller: object, method: string): Described | undefined =>
  (Reflect.getMetadata(DESCRIBED, controller) as Record<string, Described> | undefined)?.[method];
