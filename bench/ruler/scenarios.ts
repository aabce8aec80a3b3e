import {
	BODY,
	DATA,
	manyRules,
	NOP,
	RBAC_BOOLEAN,
	RBAC_OBJECT,
	TOKEN_BEFORE_POLICY,
	TOKEN_IN_POLICY,
	TOKEN_ISSUER,
} from "./policies.ts";
import { type RequestShape, tokens } from "./requests.ts";

/** One policy, and the calls that it is asked about. */
export interface Scenario {
	readonly name: string;
	readonly policy: string;
	/** Where ours does otherwise what the plugin's policies do. */
	readonly ownPolicy?: string;
	/** More of Postern's configuration, as YAML in flow style. */
	readonly identity?: string;
	readonly data: object;
	/** More files beside the configuration. */
	readonly files?: Readonly<Record<string, string>>;
	/** All of them are allowed. */
	readonly requests: readonly RequestShape[];
	/** Streams of each connection at one time, where the usual number would be too much. */
	readonly streams?: number;
	/** Calls a second of the open loop, where the usual number would be too much. */
	readonly rate?: number;
	readonly throughEnvoy?: boolean;
}

const DISTINCT = 500;
/** Large requests: fewer, so that a script stays small. */
const FEW = 50;

const shapes = (count: number, of: (number: number) => Partial<RequestShape> = () => ({})): RequestShape[] =>
	Array.from({ length: count }, (_, number) => ({
		path: `/api/v1/orders/${10_000 + number}?expand=items&limit=20`,
		...of(number),
	})).map((shape) => ({ ...shape, path: shape.path.replace(/\?.*/, "") }));

function order(bytes: number, number: number): string {
	const lines: object[] = [];
	const text = (): string => JSON.stringify({ kind: "order", number, lines });
	const line = { sku: "A-1000-77", quantity: 3, price: 12.5, note: "for the second floor" };
	const count = Math.floor((bytes - text().length) / (JSON.stringify(line).length + 1));
	for (let at = 0; at < count; at++) lines.push(line);
	return text();
}

const posts = (bytes: number): RequestShape[] =>
	shapes(FEW, (number) => ({ method: "POST", path: "/api/v1/orders", body: order(bytes, number) }));

export function scenarios(): readonly Scenario[] {
	const signed = tokens(DISTINCT);
	const rules = (count: number): Scenario => ({
		name: `${count.toLocaleString("en")} rules`,
		rate: 100,
		policy: manyRules(count),
		data: {},
		requests: shapes(DISTINCT, (number) => ({
			host: `svc${Math.floor((number * count) / DISTINCT)}.example.com`,
		})),
	});
	return [
		{ name: "NOP", policy: NOP, data: {}, requests: shapes(DISTINCT), throughEnvoy: true },
		{ name: "RBAC boolean", policy: RBAC_BOOLEAN, data: DATA, requests: shapes(DISTINCT) },
		{
			name: "RBAC object",
			policy: RBAC_OBJECT,
			data: DATA,
			requests: shapes(DISTINCT),
			throughEnvoy: true,
		},
		{
			name: "JWT RS256 seen before",
			policy: TOKEN_IN_POLICY,
			ownPolicy: TOKEN_BEFORE_POLICY,
			identity: `{jwt: {issuer: "${TOKEN_ISSUER}", audiences: [api], jwks: jwks.json, roles_claim: realm_access.roles}}`,
			data: { ...DATA, jwks: signed.jwks },
			files: { "jwks.json": signed.jwks },
			requests: shapes(DISTINCT, (number) => ({ authorization: signed.bearer[number] as string })),
		},
		{ name: "8 KB body", policy: BODY, data: {}, requests: posts(8 * 1024), streams: 8, rate: 300 },
		{ name: "64 KB body", policy: BODY, data: {}, requests: posts(64 * 1024), streams: 4, rate: 50 },
		rules(100),
		rules(1000),
		rules(5000),
	];
}
