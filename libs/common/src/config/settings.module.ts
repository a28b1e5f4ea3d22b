import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';

/**
 * Gives each section of a configuration to whoever asks for its class, and the whole of it to `ConfigService`
 * (`config.get('http.port')`). Nothing here reads the environment: the configuration is complete when it comes in.
 */
@Module({})
export class SettingsModule {
  static async of(config: Readonly<Record<string, object>>): Promise<DynamicModule> {
    const sections = Object.values(config).map((section) => ({ provide: section.constructor, useValue: section }));
    const configModule = await ConfigModule.forRoot({
      ignoreEnvFile: true,
      ignoreEnvVars: true,
      skipProcessEnv: true,
      load: [() => config],
    });
    return {
      module: SettingsModule,
      global: true,
      imports: [configModule],
      providers: sections,
      exports: [configModule, ...sections.map((section) => section.provide)],
    };
  }
}
