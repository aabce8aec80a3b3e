import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import { createDescriptorShelf } from "../../../../src/envoy/protobuf/descriptor-shelf.ts";
import { schemaOf } from "../../../support/descriptors.ts";

const setOf = (name: string) => {
	const { bytes } = schemaOf(`syntax = "proto3"; message ${name} { int32 a = 1; }`);
	return { bytes, digest: createHash("sha256").update(bytes).digest("hex") };
};
const has = (found: { readonly messages: ReadonlyMap<string, unknown> } | undefined, name: string): boolean =>
	found?.messages.has(name) === true;

test("a policy's own set goes before that of the configuration", () => {
	const [configured, own] = [setOf("Configured"), setOf("Own")];
	const shelf = createDescriptorShelf(configured.bytes);
	shelf.keep(own);
	expect(has(shelf.of(undefined)?.descriptors, "Configured")).toBe(true);
	expect(shelf.of(undefined)?.digest).toBe(configured.digest);
	expect(has(shelf.of(own)?.descriptors, "Own")).toBe(true);
	expect(has(shelf.byDigest(configured.digest), "Configured")).toBe(true);
	expect(has(shelf.byDigest(own.digest), "Own")).toBe(true);
	// A policy that carries a set which is not on the shelf never gets another one.
	expect(shelf.of(setOf("Other"))).toBeUndefined();
});

test("the sets of policies that were replaced stay for a while, and what is unknown is unknown", () => {
	const shelf = createDescriptorShelf(undefined);
	const sets = ["A", "B", "C", "D", "E"].map(setOf);
	for (const set of sets) shelf.keep(set);
	expect(sets.map(({ digest }) => shelf.byDigest(digest) !== undefined)).toEqual([
		false,
		true,
		true,
		true,
		true,
	]);
	// One that comes again is the newest.
	shelf.keep(sets[1] as (typeof sets)[1]);
	shelf.keep(setOf("F"));
	expect(shelf.byDigest(sets[1]?.digest ?? "")).toBeDefined();
	expect(shelf.byDigest(sets[2]?.digest ?? "")).toBeUndefined();
	expect(shelf.of(undefined)).toBeUndefined();
});

test("what is no descriptor set is refused", () => {
	expect(() => createDescriptorShelf(Buffer.from("x"))).toThrow("no FileDescriptorSet");
	expect(() => createDescriptorShelf(undefined).keep({ digest: "d", bytes: Buffer.from("x") })).toThrow();
});
