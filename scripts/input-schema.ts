import { join } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const PROTOS = fileURLToPath(new URL("../proto", import.meta.url));

/** As much of JSON Schema (draft 7) as OPA's type checker looks at. */
interface Schema {
	readonly $ref?: string;
	readonly description?: string;
	readonly type?: string;
	readonly enum?: readonly string[];
	readonly const?: string;
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly required?: readonly string[];
	readonly additionalProperties?: boolean | Schema;
	readonly items?: Schema;
	readonly minItems?: number;
	readonly maxItems?: number;
}

const text = (description?: string): Schema => said({ type: "string" }, description);
const integer = (description?: string): Schema => said({ type: "integer" }, description);
const listOf = (items: Schema, description?: string): Schema => said({ type: "array", items }, description);
const mapOf = (values: Schema, description?: string): Schema =>
	said({ type: "object", additionalProperties: values }, description);
const anything = (description: string): Schema => ({ description });

function said(schema: Schema, description: string | undefined): Schema {
	return description === undefined ? schema : { description, ...schema };
}

function object(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
	return {
		type: "object",
		properties,
		...(required.length === 0 ? {} : { required }),
		additionalProperties: false,
	};
}

/** What a field means in the input, where its name does not say it. */
const NOTES: Readonly<Record<string, string>> = {
	"Peer.service": "Comes from a client's header; nothing may be decided by it.",
	"Peer.principal": "First URI SAN of the peer's certificate, else its first DNS SAN, else its subject.",
	"Request.time": "When the request came: seconds and nanoseconds since 1970, each left out when it is zero.",
	"HttpRequest.headers": "Names in lower case; repeats joined by a comma.",
	"HttpRequest.path": "The path as it came, with its query.",
	"HttpRequest.body": "The body, where Envoy sends it as a text; `parsed_body` is what to read.",
	"HttpRequest.rawBody": "The body in base64, where Envoy sends it as bytes; `parsed_body` is what to read.",
	"HttpRequest.headerMap": "Where Envoy encodes raw headers: repeats apart, values in base64.",
	"AttributeContext.contextExtensions": "What the route's configuration says to the policy.",
	"SocketAddress.protocol": "0, and left out, for TCP; 1 for UDP.",
};

/** Messages that come as something else than their fields (as opa-envoy-plugin prints them). */
const SPECIAL: Readonly<Record<string, Schema>> = {
	".google.protobuf.Timestamp": object({ seconds: integer(), nanos: integer() }),
	".google.protobuf.Struct": { type: "object" },
	".google.protobuf.Any": object({ typeUrl: text(), value: text("In base64.") }),
};

/** `attributes` of the input, from the CheckRequest's own proto: what is zero or empty there is absent here. */
function attributes(definitions: Record<string, Schema>, leftOut: ReadonlySet<string>): Schema {
	const root = new protobuf.Root();
	root.resolvePath = (_origin, target) =>
		target.startsWith("google/protobuf/") ? null : join(PROTOS, target);
	root.loadSync("envoy/service/auth/v3/attribute_context.proto");

	function message(type: protobuf.Type): Schema {
		const special = SPECIAL[type.fullName];
		if (special !== undefined) return special;
		if (definitions[type.name] === undefined) {
			// Known before its fields are: a message may hold itself.
			definitions[type.name] = {};
			definitions[type.name] = object(
				Object.fromEntries(
					type.fieldsArray
						.filter((field) => !leftOut.has(`${type.name}.${field.name}`))
						.map((field) => [field.name, described(type, field)]),
				),
			);
		}
		return { $ref: `#/definitions/${type.name}` };
	}

	function described(type: protobuf.Type, field: protobuf.Field): Schema {
		field.resolve();
		const one = value(field);
		const schema = field instanceof protobuf.MapField ? mapOf(one) : field.repeated ? listOf(one) : one;
		return said(schema, NOTES[`${type.name}.${field.name}`]);
	}

	function value(field: protobuf.Field): Schema {
		if (field.resolvedType instanceof protobuf.Type) return message(field.resolvedType);
		if (field.resolvedType !== null || /int|fixed/.test(field.type)) return integer();
		if (field.type === "bool") return { type: "boolean" };
		if (field.type === "string" || field.type === "bytes") return text();
		throw new Error(`no schema for ${field.type}`);
	}

	return message(root.lookupType("envoy.service.auth.v3.AttributeContext"));
}

const IDENTITY = object(
	{
		authenticated: { type: "boolean" },
		method: { type: "string", enum: ["jwt", "mtls", "none"] },
		id: text("The token's subject, or the certificate's principal."),
		issuer: text(),
		subject: text(),
		audiences: listOf(text()),
		scopes: listOf(text()),
		roles: listOf(text()),
		groups: listOf(text()),
		claims: { description: "Every claim of the verified token.", type: "object" },
		spiffe_id: text("The certificate's principal, also beside a token."),
		expires_at: integer("Seconds since 1970."),
	},
	["authenticated", "method"],
);

const BODY_STATES = [
	"absent",
	"parsed",
	"truncated",
	"unparsed",
	"compressed",
	"too_large",
	"ambiguous",
	"not_sent",
] as const;

const peerKeys: Readonly<Record<string, Schema>> = {
	version: object(
		{ ext_authz: { type: "string", const: "v3" }, encoding: { type: "string", const: "protojson" } },
		["ext_authz", "encoding"],
	),
	parsed_path: listOf(text(), "The decoded path without leading slashes, split at slashes."),
	parsed_query: mapOf(listOf(text()), 'Each name\'s values in order; `?a` is `[""]`.'),
	parsed_body: anything(
		"JSON as it is, forms as lists of texts by name, gRPC by the descriptor set; null when unread.",
	),
	truncated_body: { description: "Whether Envoy sent a part of the body only.", type: "boolean" },
	source_principal: text("Copy of `attributes.source.principal`."),
};

const ownKeys: Readonly<Record<string, Schema>> = {
	identity: { description: "Who calls, as Postern verified it.", ...IDENTITY },
	headers_list: listOf(
		{ type: "array", items: text(), minItems: 2, maxItems: 2 },
		"Every header as `[name, value]`, in order, repeats apart.",
	),
	body_state: { description: "What became of the body.", type: "string", enum: BODY_STATES },
};

/**
 * The JSON Schema of what a policy reads under `input`: complete and closed, so that OPA's type checker finds a key that
 * is none. `own`: with Postern's keys, as in the strict profile and under `policy.extensions`; without them the document
 * is opa-envoy-plugin's, raw headers included.
 */
export function inputSchema(own: boolean): object {
	const definitions: Record<string, Schema> = {};
	const tree = attributes(definitions, new Set(own ? ["HttpRequest.headerMap"] : ["HeaderValue.value"]));
	const keys = { attributes: tree, ...peerKeys, ...(own ? ownKeys : {}) };
	const always = ["version", "parsed_path", "parsed_query", ...(own ? Object.keys(ownKeys) : [])];
	return {
		$schema: "http://json-schema.org/draft-07/schema#",
		title: own
			? "Input of a policy in Postern"
			: "Input of a policy in Postern, under compat: opa-envoy-plugin",
		...object(keys, always),
		definitions,
	};
}
