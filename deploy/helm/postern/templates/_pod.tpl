{{- /* The pod of both kinds of workload. */ -}}
{{- define "postern.pod" -}}
{{- $values := .Values -}}
{{- $deployment := eq $values.mode "deployment" -}}
metadata:
  # Without the labels of chart and version: an upgrade that changes nothing in the pod restarts none.
  labels:
    {{- include "postern.selectorLabels" . | nindent 4 }}
    {{- if $values.tls.istio.enabled }}
    sidecar.istio.io/inject: "true"
    {{- end }}
    {{- with merge (dict) $values.podLabels $values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: postern
    {{- if not $values.existingConfigMap }}
    checksum/config: {{ include "postern.config" . | sha256sum }}
    {{- end }}
    {{- if $values.tls.istio.enabled }}
    # The sidecar takes no traffic: Postern itself reads who calls from the certificates.
    traffic.sidecar.istio.io/includeInboundPorts: ""
    traffic.sidecar.istio.io/includeOutboundIPRanges: ""
    proxy.istio.io/config: |
      proxyMetadata:
        OUTPUT_CERTS: /etc/istio-output-certs
    sidecar.istio.io/userVolumeMount: '[{"name": "tls", "mountPath": "/etc/istio-output-certs"}]'
    {{- end }}
    {{- with merge (dict) $values.podAnnotations $values.commonAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "postern.serviceAccountName" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- include "postern.imagePullSecrets" . | nindent 2 }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $values.runtimeClassName }}
  runtimeClassName: {{ . }}
  {{- end }}
  {{- if not (kindIs "invalid" $values.hostUsers) }}
  hostUsers: {{ $values.hostUsers }}
  {{- end }}
  terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
  securityContext:
    {{- include "postern.podSecurityContext" . | nindent 4 }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if $values.affinity }}
  affinity:
    {{- toYaml $values.affinity | nindent 4 }}
  {{- else if $deployment }}
  affinity:
    podAntiAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
        - weight: 100
          podAffinityTerm:
            topologyKey: kubernetes.io/hostname
            labelSelector:
              matchLabels:
                {{- include "postern.selectorLabels" . | nindent 16 }}
  {{- end }}
  {{- if $values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml $values.topologySpreadConstraints | nindent 4 }}
  {{- else if $deployment }}
  topologySpreadConstraints:
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      matchLabelKeys: [pod-template-hash]
      labelSelector:
        matchLabels:
          {{- include "postern.selectorLabels" $ | nindent 10 }}
    {{- end }}
  {{- end }}
  {{- with $values.extraInitContainers }}
  initContainers:
    {{- tpl (toYaml .) $ | nindent 4 }}
  {{- end }}
  containers:
    - name: postern
      image: {{ include "postern.image" . }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      args:
        - serve
        - --config
        - /etc/postern/config/postern.yaml
        {{- with $values.extraArgs }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- if or $values.extraEnv (gt (int $values.workers) 1) }}
      env:
        {{- if gt (int $values.workers) 1 }}
        # They share the memory; the launcher sizes their heaps by it.
        - {name: LAUNCH_PROCESSES, value: {{ $values.workers | int | quote }}}
        {{- end }}
        {{- with $values.extraEnv }}
        {{- tpl (toYaml .) $ | nindent 8 }}
        {{- end }}
      {{- end }}
      {{- with $values.extraEnvFrom }}
      envFrom:
        {{- tpl (toYaml .) $ | nindent 8 }}
      {{- end }}
      ports:
        {{- if $deployment }}
        - {name: grpc, containerPort: {{ $values.grpc.port }}}
        {{- end }}
        - {name: admin, containerPort: {{ $values.admin.port }}}
      lifecycle:
        preStop:
          sleep: {seconds: {{ $values.preStopSeconds }}}
      startupProbe:
        {{- toYaml (merge (deepCopy $values.startupProbe) (include "postern.probe" "/livez" | fromYaml) (dict "periodSeconds" 1 "failureThreshold" 60)) | nindent 8 }}
      livenessProbe:
        {{- toYaml (merge (deepCopy $values.livenessProbe) (include "postern.probe" "/livez" | fromYaml) (dict "periodSeconds" 10 "timeoutSeconds" 5 "failureThreshold" 3)) | nindent 8 }}
      readinessProbe:
        {{- toYaml (merge (deepCopy $values.readinessProbe) (include "postern.probe" "/readyz" | fromYaml) (dict "periodSeconds" 2 "timeoutSeconds" 2 "failureThreshold" 2)) | nindent 8 }}
      {{- with $values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- include "postern.securityContext" . | nindent 8 }}
      volumeMounts:
        - {name: config, mountPath: /etc/postern/config, readOnly: true}
        - {name: admin, mountPath: /etc/postern/admin, readOnly: true}
        - {name: policy, mountPath: /etc/postern/policy, readOnly: true}
        {{- if $deployment }}
        - {name: tls, mountPath: /etc/postern/tls, readOnly: true}
        {{- else }}
        - {name: socket, mountPath: /run/postern}
        {{- end }}
        {{- if $values.hashKey.existingSecret }}
        - {name: hash-key, mountPath: /etc/postern/hash-key, readOnly: true}
        {{- end }}
        {{- with $values.extraVolumeMounts }}
        {{- tpl (toYaml .) $ | nindent 8 }}
        {{- end }}
    {{- with $values.extraContainers }}
    {{- tpl (toYaml .) $ | nindent 4 }}
    {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "postern.configMapName" . }}
    - name: admin
      secret:
        secretName: {{ include "postern.adminSecretName" . }}
        defaultMode: 0440
        items:
          - {key: {{ $values.admin.readTokenKey }}, path: read-token}
          {{- with $values.admin.writeTokenKey }}
          - {key: {{ . }}, path: write-token}
          {{- end }}
    - name: policy
      {{- if $values.policy.inline }}
      configMap:
        name: {{ include "postern.fullname" . }}-policy
      {{- else if $values.policy.existingConfigMap }}
      configMap:
        name: {{ $values.policy.existingConfigMap }}
      {{- else if $values.policy.existingVolume }}
      {{- toYaml $values.policy.existingVolume | nindent 6 }}
      {{- else }}
      emptyDir: {}
      {{- end }}
    {{- if $deployment }}
    - name: tls
      {{- if $values.tls.istio.enabled }}
      emptyDir: {medium: Memory}
      {{- else if $values.tls.existingVolume }}
      {{- toYaml $values.tls.existingVolume | nindent 6 }}
      {{- else }}
      secret:
        secretName: {{ include "postern.tlsSecretName" . }}
        defaultMode: 0440
      {{- end }}
    {{- else }}
    - name: socket
      hostPath:
        path: {{ $values.daemonset.hostPath }}
        # The folder belongs to user 65532 already; a folder that the kubelet makes would be root's.
        type: Directory
    {{- end }}
    {{- if $values.hashKey.existingSecret }}
    - name: hash-key
      secret:
        secretName: {{ $values.hashKey.existingSecret }}
        defaultMode: 0440
        items:
          - {key: {{ $values.hashKey.key }}, path: hash-key}
    {{- end }}
    {{- with $values.extraVolumes }}
    {{- tpl (toYaml .) $ | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "postern.probe" -}}
httpGet: {path: {{ . }}, port: admin}
{{- end -}}

{{- define "postern.podSecurityContext" -}}
{{- $own := dict "runAsNonRoot" true "runAsUser" 65532 "runAsGroup" 65532 "fsGroup" 65532 "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- toYaml (mergeOverwrite $own .Values.podSecurityContext) -}}
{{- end -}}

{{- define "postern.securityContext" -}}
{{- $own := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) -}}
{{- toYaml (mergeOverwrite $own .Values.securityContext) -}}
{{- end -}}
