import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { Scope } from './caller.js';

export const NEEDS = Symbol('otpost:scope');

/** The scope that a controller or method wants of its caller's key; `verify` where none is named. */
export const Needs = (scope: Scope): CustomDecorator<symbol> => SetMetadata(NEEDS, scope);
