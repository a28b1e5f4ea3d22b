export default async function servicesDown(): Promise<void> {
  await Promise.all(globalThis.otpostServices.map((service) => service.stop()));
}
