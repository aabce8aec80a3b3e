import { expect, test } from "@jest/globals";
import { collectorUrl, readResourceAttributes } from "../../../src/lib/otlp-settings.ts";

test.each([
	["http://collector:4318", "http://collector:4318/v1/traces"],
	["http://collector:4318/", "http://collector:4318/v1/traces"],
	["https://collector/otlp/v1/traces", "https://collector/otlp/v1/traces"],
	["collector:4318", undefined],
	["grpc://collector:4317", undefined],
	["http://user:pass@collector:4318", undefined],
	["http://collector:4318/?token=1", undefined],
	["http://collector:4318/#a", undefined],
])("%s", (endpoint, wanted) => {
	expect(collectorUrl(endpoint)).toBe(wanted);
});

test.each([
	["", {}],
	["a=b", { a: "b" }],
	[
		" deployment.environment.name = prod , k8s.pod.name=p-1,",
		{ "deployment.environment.name": "prod", "k8s.pod.name": "p-1" },
	],
	["a=x%2Cy%3Dz", { a: "x,y=z" }],
	["a=1=2", { a: "1=2" }],
	["__proto__=x", { ["__proto__"]: "x" }],
	["a", undefined],
	["=b", undefined],
	["a=b;c", undefined],
	["a=%zz", undefined],
	["a b=c", undefined],
])("attributes %s", (text, wanted) => {
	const found = readResourceAttributes(text);
	expect(found === undefined ? undefined : Object.entries(found)).toEqual(
		wanted === undefined ? undefined : Object.entries(wanted),
	);
});
