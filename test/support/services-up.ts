import { installServices } from './install-services.ts';
import { startRabbit, startRedis, type Service } from './services.ts';

declare global {
  var otpostServices: Service[];
}

/** Gives the tests a RabbitMQ and a Redis: the ones named by RABBITMQ_URL and REDIS_URL, else private instances. */
export default async function servicesUp(): Promise<void> {
  installServices();
  const [rabbit, redis] = await Promise.all([
    process.env.RABBITMQ_URL ? undefined : startRabbit(),
    process.env.REDIS_URL ? undefined : startRedis(),
  ]);
  process.env.RABBITMQ_URL ??= rabbit?.url;
  process.env.REDIS_URL ??= redis?.url;
  globalThis.otpostServices = [rabbit, redis].filter((service) => service !== undefined);
}
