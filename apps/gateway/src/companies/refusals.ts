import { Problem } from '@app/common';
import { providerList } from '@app/sms-provider';

export const noSuchCompany = () =>
  new Problem({
    status: 404,
    code: 'not_found',
    title: 'Not found',
    detail: `There is no such company. Known: ${providerList.map(({ name }) => name).join(', ')}.`,
  });
