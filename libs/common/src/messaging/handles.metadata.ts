import 'reflect-metadata';

const POLICY = Symbol('otpost:policy');

export const NamedPolicy =
  (name: string): MethodDecorator =>
  (_target, _key, descriptor) =>
    Reflect.defineMetadata(POLICY, name, descriptor.value as object);

export function policyNameOf(handler: object): string {
  const name = Reflect.getMetadata(POLICY, handler) as string | undefined;
  if (name === undefined) throw new Error('The retry interceptor stands only on methods with @Handles');
  return name;
}
