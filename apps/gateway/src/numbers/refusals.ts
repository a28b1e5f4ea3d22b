import { Problem } from '@app/common';

export const invalidPhoneNumber = () =>
  new Problem({
    status: 422,
    code: 'invalid_phone_number',
    title: 'Not a telephone number',
    detail: 'No telephone number looks like this. Write it with + and the country code.',
    errors: [{ pointer: '/to', detail: 'is not a possible telephone number' }],
  });

export const unsupportedNumberType = (type: string) =>
  new Problem({
    status: 422,
    code: 'unsupported_number_type',
    title: 'Number cannot get texts',
    detail: 'Numbers of this type get no texts. Ask for a mobile number.',
    errors: [{ pointer: '/to', detail: `is a number of type ${type}` }],
    numberType: type,
  });

export const countryNotAllowed = (country: string) =>
  new Problem({
    status: 403,
    code: 'country_not_allowed',
    title: 'No texts to this country',
    detail: `Texts to numbers of ${country} are not allowed here.`,
    country,
  });
