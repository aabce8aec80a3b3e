/** Full names of the services, as health checks ask for them. */
export const AUTHORIZATION = "envoy.service.auth.v3.Authorization";
export const EXTERNAL_PROCESSOR = "envoy.service.ext_proc.v3.ExternalProcessor";
