import { expect, test } from "@jest/globals";
import type { z } from "zod";
import { LIMITS } from "../../../src/config/limits.ts";
import { CONFIG_SCHEMA } from "../../../src/config/schema.ts";
import type { Config } from "../../../src/config/types.ts";

type DeepReadonly<T> = T extends (infer E)[]
	? readonly DeepReadonly<E>[]
	: T extends object
		? { readonly [K in keyof T]: DeepReadonly<T[K]> }
		: T;
type Widened<T> = T extends string
	? string
	: T extends readonly (infer E)[]
		? readonly Widened<E>[]
		: T extends object
			? { readonly [K in keyof T]: Widened<T[K]> }
			: T;
type Output = DeepReadonly<z.output<typeof CONFIG_SCHEMA>>;

test("what the schema gives is a Config, and has no key that Config lacks", () => {
	// The compiler does this test; both assignments fail to compile when a key is missing on either side.
	const forth = (output: Output): Config => output;
	const back = (config: Widened<Config>): Widened<Output> => config;
	expect(typeof forth).toBe(typeof back);
});

test("every limit has its default within its range, and the schema enforces both ends", () => {
	for (const [name, limit] of Object.entries(LIMITS)) {
		expect(limit.default).toBeGreaterThanOrEqual(limit.min);
		expect(limit.default).toBeLessThanOrEqual(limit.max);
		for (const [value, good] of [
			[limit.min, true],
			[limit.max, true],
			[limit.min - 1, false],
			[limit.max + 1, false],
			[limit.min + 0.5, false],
		] as const) {
			expect({ name, value, good: CONFIG_SCHEMA.safeParse(withKey(name, value)).success }).toEqual({
				name,
				value,
				good,
			});
		}
	}
});

test("a socket that everybody may write to is refused", () => {
	for (const mode of ["0666", "0777", "662", "0663"]) {
		expect(CONFIG_SCHEMA.safeParse(withKey("serve.socket_mode", mode)).success).toBe(false);
	}
	for (const mode of ["0660", "600", "0664", "0770"]) {
		expect(CONFIG_SCHEMA.safeParse(withKey("serve.socket_mode", mode)).success).toBe(true);
	}
});

test("an algorithm with a shared secret, or none, cannot be configured", () => {
	for (const algorithm of ["HS256", "none", "rs256", "dir"]) {
		expect(CONFIG_SCHEMA.safeParse(withKey("identity.jwt.algorithms", [algorithm])).success).toBe(false);
	}
});

function withKey(path: string, value: unknown): object {
	const root: Record<string, unknown> = { policy: { bundle: "b.tar.gz" } };
	if (path.startsWith("identity.jwt")) {
		root["identity"] = { jwt: { issuer: "i", audiences: ["a"], jwks: "keys.json" } };
	}
	const segments = path.split(".");
	const last = segments.pop() ?? "";
	let node = root;
	for (const segment of segments) {
		node[segment] ??= {};
		node = node[segment] as Record<string, unknown>;
	}
	node[last] = value;
	return root;
}
