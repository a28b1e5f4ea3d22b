import { descriptionOf, type Described } from '@app/common';
import { RequestMethod } from '@nestjs/common';
import { HTTP_CODE_METADATA, METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { ModulesContainer } from '@nestjs/core';
import 'reflect-metadata';
import { NEEDS } from '../access/needs.js';
import { OPEN_ROUTE } from '../access/open.js';
import type { Scope } from '../access/caller.js';
import { IDEMPOTENT } from '../idempotency/idempotent.js';

type Controller = new (...args: never[]) => object;

/** One route as its decorators declare it. */
export interface Route {
  readonly controller: string;
  readonly name: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With `{id}` for `:id`. */
  readonly path: string;
  /** When all goes well. */
  readonly status: number;
  readonly body: (new () => object) | undefined;
  readonly query: (new () => object) | undefined;
  readonly scope: Scope;
  readonly idempotent: boolean;
  readonly described: Described;
}

/**
 * Every HTTP route of an app, but those at which companies speak in their own ways. @throws Error for one that no
 * `@Describe` describes.
 */
export function routesOf(modules: ModulesContainer): Route[] {
  const controllers = [...modules.values()].flatMap((module) => [...module.controllers.values()]);
  const classes = new Set(controllers.map(({ metatype }) => metatype as Controller));
  const ours = [...classes].filter((controller) => !read(OPEN_ROUTE, controller));
  return ours.flatMap((controller) =>
    Object.getOwnPropertyNames(controller.prototype)
      .filter((name) => methodIn(controller, name) !== undefined)
      .map((name) => routeOf(controller, name)),
  );
}

const handlerOf = (controller: Controller, name: string): object =>
  (controller.prototype as Record<string, object>)[name]!;

const methodIn = (controller: Controller, name: string): RequestMethod | undefined =>
  name === 'constructor' ? undefined : read(METHOD_METADATA, handlerOf(controller, name));

function routeOf(controller: Controller, name: string): Route {
  const handler = handlerOf(controller, name);
  const described = descriptionOf(controller, name);
  if (!described)
    throw new Error(`${controller.name}.${name} is not described: add it to the @Describe of ${controller.name}`);
  const method = RequestMethod[methodIn(controller, name)!].toLowerCase() as Route['method'];
  const [prefix, path] = [controller, handler].map((target) => read<string>(PATH_METADATA, target) ?? '');
  return {
    controller: controller.name,
    name,
    method,
    path: `/${[prefix, path]
      .map((part) => part!.replace(/^\/|\/$/g, ''))
      .filter(Boolean)
      .join('/')}`.replace(/:(\w+)/g, '{$1}'),
    status: read<number>(HTTP_CODE_METADATA, handler) ?? (method === 'post' ? 201 : 200),
    body: parameterOf(controller, name, RouteParamtypes.BODY),
    query: parameterOf(controller, name, RouteParamtypes.QUERY),
    scope: read<Scope>(NEEDS, handler) ?? read<Scope>(NEEDS, controller) ?? 'verify',
    idempotent: read<boolean>(IDEMPOTENT, handler) ?? false,
    described,
  };
}

/** The class of the parameter that takes the body, or the query. */
function parameterOf(controller: Controller, name: string, kind: RouteParamtypes): (new () => object) | undefined {
  const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<string, { index: number }>;
  const arg = Object.entries(args).find(([key]) => key.startsWith(`${kind}:`))?.[1];
  const types = (Reflect.getMetadata('design:paramtypes', controller.prototype as object, name) ??
    []) as (new () => object)[];
  return arg && types[arg.index];
}

const read = <T>(key: string | symbol, target: object): T | undefined =>
  Reflect.getMetadata(key, target) as T | undefined;
