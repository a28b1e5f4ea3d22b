import { ValidateBy, type ValidationOptions } from 'class-validator';

/**
 * A URL with one of these schemes, such as `amqp`. A password with reserved characters must be percent-encoded in it.
 * `list`: or several, separated by commas.
 */
export const IsAddress = (
  schemes: readonly string[],
  { list = false, ...options }: ValidationOptions & { readonly list?: boolean } = {},
): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isAddress',
      validator: {
        validate: (value) =>
          typeof value === 'string' &&
          (list ? value.split(',') : [value]).every((url) => schemes.includes(schemeOf(url.trim()))),
        defaultMessage: () =>
          `it must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')} (percent-encode / @ : ? # in a password)`,
      },
    },
    options,
  );

function schemeOf(text: string): string {
  try {
    return text.includes('://') ? new URL(text).protocol.slice(0, -1) : '';
  } catch {
    return '';
  }
}
