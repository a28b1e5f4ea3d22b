import { Problem } from '@app/common';

/** SERVICES_FILE has lost a service whose keys are still used. */
export const unknownService = (service: string) =>
  new Problem({
    status: 403,
    code: 'unknown_service',
    title: 'Service is not configured',
    detail: `This API key is for the service ${service}, which is not configured here. Add it to SERVICES_FILE.`,
    service,
  });
