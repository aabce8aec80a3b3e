/** Full names of Envoy's messages, as they stand behind the slash of an `@type`. */
const HTTP = "envoy.extensions.filters.http";

export const AUTHZ = `${HTTP}.ext_authz.v3.ExtAuthz`;
export const AUTHZ_PER_ROUTE = `${HTTP}.ext_authz.v3.ExtAuthzPerRoute`;
export const PROC = `${HTTP}.ext_proc.v3.ExternalProcessor`;
export const PROC_PER_ROUTE = `${HTTP}.ext_proc.v3.ExtProcPerRoute`;
export const COMPOSITE = `${HTTP}.composite.v3.Composite`;
export const COMPRESSOR = `${HTTP}.compressor.v3.Compressor`;
export const DECOMPRESSOR = `${HTTP}.decompressor.v3.Decompressor`;
export const HEADER_MUTATION = `${HTTP}.header_mutation.v3.HeaderMutation`;

export const WITH_MATCHER = "envoy.extensions.common.matching.v3.ExtensionWithMatcher";
export const MATCHER_PER_ROUTE = "envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute";
export const METADATA_INPUT = "envoy.extensions.matching.common_inputs.network.v3.DynamicMetadataInput";
export const METADATA_MATCHER = "envoy.extensions.matching.input_matchers.metadata.v3.Metadata";
export const CEL_INPUT = "xds.type.matcher.v3.HttpAttributesCelMatchInput";
export const CEL_MATCHER = "xds.type.matcher.v3.CelMatcher";

export const MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
export const LISTENER = "envoy.config.listener.v3.Listener";
export const ROUTES = "envoy.config.route.v3.RouteConfiguration";
export const VIRTUAL_HOST = "envoy.config.route.v3.VirtualHost";
export const ROUTE_FILTER_CONFIG = "envoy.config.route.v3.FilterConfig";
export const CLUSTER = "envoy.config.cluster.v3.Cluster";
export const BOOTSTRAP = "envoy.config.bootstrap.v3.Bootstrap";
export const EARLY_MUTATION = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";
export const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
export const UPSTREAM_TLS = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
export const DOWNSTREAM_TLS = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";

/** The namespace of dynamic metadata that ext_authz writes, and Postern's hand-off in it. */
export const HANDOFF_NAMESPACE = "envoy.filters.http.ext_authz";

const TYPED_STRUCTS = new Set(["xds.type.v3.TypedStruct", "udpa.type.v1.TypedStruct"]);

/** What `@type: type.googleapis.com/NAME` names. */
export function messageName(typeUrl: string): string {
	return typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
}

export function isTypedStruct(name: string): boolean {
	return TYPED_STRUCTS.has(name);
}

/** Values of enums, in order of their numbers. */
export const HEADER_MODES = ["DEFAULT", "SEND", "SKIP"];
export const BODY_MODES = [
	"NONE",
	"STREAMED",
	"BUFFERED",
	"BUFFERED_PARTIAL",
	"FULL_DUPLEX_STREAMED",
	"GRPC",
];
export const ROUTE_CACHE_ACTIONS = ["DEFAULT", "CLEAR", "RETAIN"];
export const ESCAPED_SLASHES = [
	"IMPLEMENTATION_SPECIFIC_DEFAULT",
	"KEEP_UNCHANGED",
	"REJECT_REQUEST",
	"UNESCAPE_AND_REDIRECT",
	"UNESCAPE_AND_FORWARD",
];
export const UNDERSCORES = ["ALLOW", "REJECT_REQUEST", "DROP_HEADER"];
export const CERTIFICATE_HEADERS = [
	"SANITIZE",
	"FORWARD_ONLY",
	"APPEND_FORWARD",
	"SANITIZE_SET",
	"ALWAYS_FORWARD_ONLY",
];
export const CODECS = ["AUTO", "HTTP1", "HTTP2", "HTTP3"];
export const CHAIN_VERIFICATION = ["VERIFY_TRUST_CHAIN", "ACCEPT_UNTRUSTED"];
