{{/* Names and what all pods have in common. */}}

{{- define "groma.name" -}}
{{- if contains "groma" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-groma" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "groma.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "groma.selector" . }}
{{- end }}

{{- define "groma.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "groma.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "groma.name" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end }}
{{- end }}

{{- define "groma.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{/* The pod's part that is the same for server and worker. */}}
{{- define "groma.pod" -}}
serviceAccountName: {{ include "groma.serviceAccount" . }}
automountServiceAccountToken: false # Kubernetes is not asked anything
enableServiceLinks: false # their variables begin with the service's name, as ours do
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "groma.container" -}}
image: {{ include "groma.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "groma.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 2
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 10
  timeoutSeconds: 6
livenessProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 20
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}

{{/* Variables of both, one for each flag that says where servers are. */}}
{{- define "groma.env" -}}
- {name: GROMA_TEMPORAL, value: {{ .Values.temporal.address | quote }}}
- {name: GROMA_NAMESPACE, value: {{ .Values.temporal.namespace | quote }}}
- {name: GROMA_QUEUE, value: {{ .Values.temporal.queue | quote }}}
{{- with .Values.temporal.tls }}
{{- if .enabled }}
- {name: GROMA_TEMPORAL_TLS, value: "true"}
{{- if .serverName }}
- {name: GROMA_TEMPORAL_TLS_SERVER_NAME, value: {{ .serverName | quote }}}
{{- end }}
{{- if .secret }}
- {name: GROMA_TEMPORAL_TLS_CA, value: /etc/groma/temporal/ca.crt}
{{- if .clientCertificate }}
- {name: GROMA_TEMPORAL_TLS_CERT, value: /etc/groma/temporal/tls.crt}
- {name: GROMA_TEMPORAL_TLS_KEY, value: /etc/groma/temporal/tls.key}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.temporal.apiKeySecret }}
{{- if .name }}
- {name: GROMA_TEMPORAL_API_KEY, valueFrom: {secretKeyRef: {name: {{ .name | quote }}, key: {{ .key | quote }}}}}
{{- end }}
{{- end }}
{{- with .Values.temporal.payloadKeysSecret }}
{{- if .name }}
- {name: GROMA_TEMPORAL_PAYLOAD_KEY_FILE, value: /etc/groma/payload-keys/{{ .key }}}
{{- end }}
{{- end }}
- {name: GROMA_NATS, value: {{ .Values.nats.url | quote }}}
{{- with .Values.nats.tokenSecret }}
{{- if .name }}
- {name: GROMA_NATS_TOKEN, valueFrom: {secretKeyRef: {name: {{ .name | quote }}, key: {{ .key | quote }}}}}
{{- end }}
{{- end }}
{{- if .Values.nats.tls.enabled }}
- {name: GROMA_NATS_TLS, value: "true"}
{{- if .Values.nats.tls.secret }}
- {name: GROMA_NATS_TLS_CA, value: /etc/groma/nats/ca.crt}
{{- end }}
{{- end }}
- {name: GROMA_STORE, value: {{ .Values.store.url | quote }}}
{{- with .Values.store.tls }}
{{- if .serverName }}
- {name: GROMA_STORE_TLS_SERVER_NAME, value: {{ .serverName | quote }}}
{{- end }}
{{- if .secret }}
- {name: GROMA_STORE_TLS_CA, value: /etc/groma/store/ca.crt}
{{- if .clientCertificate }}
- {name: GROMA_STORE_TLS_CERT, value: /etc/groma/store/tls.crt}
- {name: GROMA_STORE_TLS_KEY, value: /etc/groma/store/tls.key}
{{- end }}
{{- end }}
{{- end }}
{{- if not .Values.store.serviceAccount }}
{{- with .Values.store.credentialsSecret }}
- {name: AWS_ACCESS_KEY_ID, valueFrom: {secretKeyRef: {name: {{ .name | quote }}, key: {{ .accessKey | quote }}}}}
- {name: AWS_SECRET_ACCESS_KEY, valueFrom: {secretKeyRef: {name: {{ .name | quote }}, key: {{ .secretKey | quote }}}}}
{{- end }}
{{- end }}
- {name: GROMA_LOG_FORMAT, value: json}
{{- end }}

{{/* Folders of both: temporary files, and certificates. */}}
{{- define "groma.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if and .Values.temporal.tls.enabled .Values.temporal.tls.secret }}
- {name: temporal-tls, mountPath: /etc/groma/temporal, readOnly: true}
{{- end }}
{{- if and .Values.nats.tls.enabled .Values.nats.tls.secret }}
- {name: nats-tls, mountPath: /etc/groma/nats, readOnly: true}
{{- end }}
{{- if .Values.store.tls.secret }}
- {name: store-tls, mountPath: /etc/groma/store, readOnly: true}
{{- end }}
{{- if .Values.temporal.payloadKeysSecret.name }}
- {name: payload-keys, mountPath: /etc/groma/payload-keys, readOnly: true}
{{- end }}
{{- end }}

{{- define "groma.volumes" -}}
{{- if and .Values.temporal.tls.enabled .Values.temporal.tls.secret }}
- {name: temporal-tls, secret: {secretName: {{ .Values.temporal.tls.secret | quote }}, defaultMode: 0440}}
{{- end }}
{{- if and .Values.nats.tls.enabled .Values.nats.tls.secret }}
- {name: nats-tls, secret: {secretName: {{ .Values.nats.tls.secret | quote }}, defaultMode: 0440}}
{{- end }}
{{- if .Values.store.tls.secret }}
- {name: store-tls, secret: {secretName: {{ .Values.store.tls.secret | quote }}, defaultMode: 0440}}
{{- end }}
{{- if .Values.temporal.payloadKeysSecret.name }}
- {name: payload-keys, secret: {secretName: {{ .Values.temporal.payloadKeysSecret.name | quote }}, defaultMode: 0440}}
{{- end }}
{{- end }}

{{- define "groma.spread" -}}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "groma.selector" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
{{- end }}
