import { SetMetadata, type CustomDecorator } from '@nestjs/common';

export const OPEN_ROUTE = Symbol('otpost:open');

/** The routes of this controller want no API key: it checks its callers itself. */
export const Open = (): CustomDecorator<symbol> => SetMetadata(OPEN_ROUTE, true);
