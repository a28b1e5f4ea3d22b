import { AppLogger } from '@app/common';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { SmsSettings } from '../sms.config.js';
import { SmsRoutes } from '../sms-route.js';
import { lintTemplates } from './lint-templates.js';
import { SmsTemplates } from './sms-templates.js';

/**
 * Says once, at start, what `otpost templates lint` would say: what a carrier, a company or a handset will not like. What
 * the routes cannot carry is not among it: that has refused the start.
 */
@Injectable()
export class TemplateWarnings implements OnApplicationBootstrap {
  constructor(
    private readonly templates: SmsTemplates,
    private readonly routes: SmsRoutes,
    private readonly settings: SmsSettings,
    private readonly logger: AppLogger,
  ) {}

  onApplicationBootstrap(): void {
    const { codeLength } = this.settings;
    const findings = lintTemplates({ templates: this.templates, codeLength, providers: this.routes.companies });
    for (const { rule, template, locale, sentence } of findings) {
      if (rule !== 'route') this.logger.warn({ rule, template, locale }, sentence);
    }
  }
}
