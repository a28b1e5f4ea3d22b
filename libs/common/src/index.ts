export * from './config/environment.js';
export * from './config/process.config.js';
export * from './config/read-settings.js';
export * from './config/setting.js';
export * from './config/settings.module.js';
export * from './telemetry/logger.js';
export * from './telemetry/mask.js';
export * from './telemetry/metrics.js';
