import { Controller } from '@nestjs/common';

@Controller('faults')
export class FaultsController {}
