{{- define "postern.gateway.backendSettings" -}}
retry:
  numRetries: 3
  retryOn: {triggers: [connect-failure, refused-stream, reset, unavailable]}
  # maxInterval is the time limit of each try, too.
  perRetry: {backOff: {baseInterval: 10ms, maxInterval: 200ms}}
circuitBreaker: {maxConnections: 4096, maxPendingRequests: 4096, maxParallelRequests: 4096, maxParallelRetries: 1024}
timeout: {tcp: {connectTimeout: 250ms}}
{{- end -}}
