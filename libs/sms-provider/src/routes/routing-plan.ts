import 'reflect-metadata';
import { ROUTES_NAME } from '@app/common';
import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

/** What all workers together may ask of one company. */
export class CompanyLimits {
  @Matches(/^[a-z][a-z0-9-]{0,31}$/)
  name!: string;

  /** Requests a second. */
  @IsOptional()
  @IsNumber()
  @Min(0.01)
  @Max(100_000)
  perSecond?: number;

  /** Requests under way at once. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100_000)
  concurrency?: number;
}

/** A company on one route. */
export class Stop {
  @Matches(/^[a-z][a-z0-9-]{0,31}$/)
  company!: string;

  /** Its part of the texts, as `pick: weight` divides them. */
  @IsOptional()
  @IsNumber()
  @Min(0.001)
  @Max(1_000_000)
  weight?: number;

  /** What one text costs here, in any one currency. */
  @IsOptional()
  @IsNumber()
  @Min(0)
  cost?: number;
}

/** Which companies, in which order, for which texts. */
export class RoutePlan {
  @Matches(/^[a-z0-9][a-z0-9-]{0,31}$/)
  name!: string;

  /** Countries (`CN`, ISO 3166) and prefixes (`+1415`); absent: every number. */
  @IsOptional()
  @ArrayNotEmpty()
  @Matches(/^([A-Z]{2}|\+[1-9]\d{0,14})$/, {
    each: true,
    message: 'to must list countries such as CN, or prefixes such as +1415',
  })
  to?: string[];

  /** As the verification names it; absent: every purpose. */
  @IsOptional()
  @ArrayNotEmpty()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/, { each: true })
  purposes?: string[];

  /** `order`: as listed. `weight`: by chance, in proportion. `cost`: the cheapest first. */
  @IsIn(['order', 'weight', 'cost'])
  pick: 'order' | 'weight' | 'cost' = 'order';

  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique(({ company }: Stop) => company, { message: 'companies must name each company once' })
  @ValidateNested({ each: true })
  @Type(() => Stop)
  companies!: Stop[];
}

/** Routes of their own, for the texts that name the set: of them too the first that fits decides, and no other route does. */
export class RouteSet {
  @Matches(ROUTES_NAME)
  name!: string;

  @IsArray()
  @ArrayNotEmpty()
  @ValidateNested({ each: true })
  @Type(() => RoutePlan)
  routes!: RoutePlan[];
}

/** Every route, the first that fits a text decides; and what each company bears. */
export class RoutingPlan {
  @IsOptional()
  @ArrayUnique(({ name }: CompanyLimits) => name, { message: 'limits must name each company once' })
  @ValidateNested({ each: true })
  @Type(() => CompanyLimits)
  limits?: CompanyLimits[];

  /** Of the texts that name no set. */
  @IsArray()
  @ArrayNotEmpty()
  @ValidateNested({ each: true })
  @Type(() => RoutePlan)
  routes!: RoutePlan[];

  @IsOptional()
  @ArrayUnique(({ name }: RouteSet) => name, { message: 'each set needs a name of its own' })
  @ValidateNested({ each: true })
  @Type(() => RouteSet)
  sets?: RouteSet[];
}

export const ROUTING_PLAN = Symbol('RoutingPlan');

/** In no set and in any. */
export const everyRouteOf = ({ routes, sets = [] }: RoutingPlan): RoutePlan[] => [
  ...routes,
  ...sets.flatMap((set) => set.routes),
];

export const companiesOf = (plan: RoutingPlan): string[] => [
  ...new Set(everyRouteOf(plan).flatMap(({ companies }) => companies.map(({ company }) => company))),
];

/** `SMS_PROVIDERS`: one route for every text, in the order of the list. */
export function planOf(names: readonly string[]): RoutingPlan {
  const companies = names.map((company) => Object.assign(new Stop(), { company }));
  const route = Object.assign(new RoutePlan(), { name: 'default', companies });
  return Object.assign(new RoutingPlan(), { routes: [route] });
}
