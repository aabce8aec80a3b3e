import { describe, expect, test } from "@jest/globals";
import { createBudget, earn, spend } from "../../../../../src/envoy/transport/lane/budget.ts";
import {
	createReceiveWindow,
	incrementDue,
	MAX_WINDOW,
	receiveOctets,
	widened,
} from "../../../../../src/envoy/transport/lane/flow-window.ts";
import { readGrpcTimeout } from "../../../../../src/envoy/transport/lane/grpc-timeout.ts";
import { headerField } from "../../../../../src/envoy/transport/lane/header-field.ts";
import { readInitialWindow } from "../../../../../src/envoy/transport/lane/peer-settings.ts";
import {
	createRequestHead,
	isComplete,
	resetHead,
	takeField,
} from "../../../../../src/envoy/transport/lane/request-head.ts";
import { routeOf } from "../../../../../src/envoy/transport/lane/routes.ts";

describe("grpc-timeout", () => {
	test.each([
		["1H", 3_600_000],
		["2M", 120_000],
		["3S", 3000],
		["500m", 500],
		["1000u", 1],
		["1000000n", 1],
		["00000001S", 1000],
		["99999999H", 99_999_999 * 3_600_000],
		["0m", 0],
	])("%s", (text, ms) => {
		expect(readGrpcTimeout(text)).toBeCloseTo(ms, 6);
	});

	test.each(["", "S", "1", "1s", "1h", "-1S", "1.5S", " 1S", "1S ", "123456789S", "1SS", "+1S", "１S"])(
		"%j is none",
		(text) => {
			expect(readGrpcTimeout(text)).toBe(-1);
		},
	);
});

describe("a request's head", () => {
	const POST = [":method", "POST"] as const;
	const PATH = [":path", "/envoy.service.auth.v3.Authorization/Check"] as const;
	const SCHEME = [":scheme", "http"] as const;
	const AUTHORITY = [":authority", "postern"] as const;

	function read(fields: readonly (readonly [string, string])[], trailers = false) {
		const head = createRequestHead();
		resetHead(head, trailers);
		for (const [name, value] of fields) takeField(head, headerField(name, value));
		return head;
	}

	test("of a gRPC call tells the route, the timeout and the coding", () => {
		const head = read([
			POST,
			SCHEME,
			PATH,
			AUTHORITY,
			["te", "trailers"],
			["content-type", "application/grpc+proto"],
			["grpc-timeout", "200m"],
			["grpc-encoding", "identity"],
			["content-length", "7"],
			["x-any", "thing"],
		]);
		expect(isComplete(head)).toBe(true);
		expect(head).toMatchObject({
			method: 1,
			route: routeOf(PATH[1]),
			grpc: true,
			te: true,
			timeoutMs: 200,
			encoded: false,
			contentLength: 7,
		});
		expect(head.size).toBe(
			[POST, SCHEME, PATH, AUTHORITY].reduce(
				(sum, [name, value]) => sum + name.length + value.length + 32,
				0,
			) +
				["te", "trailers", "content-type", "application/grpc+proto", "grpc-timeout", "200m"].join("").length +
				["grpc-encoding", "identity", "content-length", "7", "x-any", "thing"].join("").length +
				6 * 32,
		);
	});

	test("nothing of the block before is left", () => {
		const head = read([POST, SCHEME, PATH, ["te", "trailers"], ["bad name", "x"], ["grpc-timeout", "1S"]]);
		resetHead(head, false);
		expect(head).toEqual(createRequestHead());
	});

	test.each<[string, readonly (readonly [string, string])[]]>([
		["no method", [SCHEME, PATH]],
		["no scheme", [POST, PATH]],
		["no path", [POST, SCHEME]],
		["an empty path", [POST, SCHEME, [":path", ""]]],
		["a path without a slash", [POST, SCHEME, [":path", "check"]]],
		["a method twice", [POST, POST, SCHEME, PATH]],
		["a scheme twice", [POST, SCHEME, SCHEME, PATH]],
		["a path twice", [POST, SCHEME, PATH, PATH]],
		["an authority twice", [POST, SCHEME, PATH, AUTHORITY, AUTHORITY]],
		["a pseudo field behind a regular one", [POST, SCHEME, ["x-a", "1"], PATH]],
		["a pseudo field of a response", [POST, SCHEME, PATH, [":status", "200"]]],
		["a pseudo field nobody knows", [POST, SCHEME, PATH, [":protocol", "websocket"]]],
		["an upper-case name", [POST, SCHEME, PATH, ["X-A", "1"]]],
		["a space in a name", [POST, SCHEME, PATH, ["x a", "1"]]],
		["an empty name", [POST, SCHEME, PATH, ["", "1"]]],
		["a colon in a name", [POST, SCHEME, PATH, ["x:a", "1"]]],
		["an octet over 127 in a name", [POST, SCHEME, PATH, ["x\u00e9", "1"]]],
		["NUL in a value", [POST, SCHEME, PATH, ["x-a", "a\0b"]]],
		["a line break in a value", [POST, SCHEME, PATH, ["x-a", "a\r\nb"]]],
		["white space around a value", [POST, SCHEME, PATH, ["x-a", " a"]]],
		["white space behind a value", [POST, SCHEME, PATH, ["x-a", "a\t"]]],
		["connection", [POST, SCHEME, PATH, ["connection", "close"]]],
		["keep-alive", [POST, SCHEME, PATH, ["keep-alive", "1"]]],
		["proxy-connection", [POST, SCHEME, PATH, ["proxy-connection", "1"]]],
		["transfer-encoding", [POST, SCHEME, PATH, ["transfer-encoding", "chunked"]]],
		["upgrade", [POST, SCHEME, PATH, ["upgrade", "h2c"]]],
		["another te", [POST, SCHEME, PATH, ["te", "gzip"]]],
		["a content-length that is no number", [POST, SCHEME, PATH, ["content-length", "1x"]]],
		["two content-lengths", [POST, SCHEME, PATH, ["content-length", "1"], ["content-length", "2"]]],
		["a method that is no token", [[":method", "PO ST"], SCHEME, PATH]],
	])("%s is malformed", (_name, fields) => {
		expect(isComplete(read(fields))).toBe(false);
	});

	test("obs-text in a value is none of our business", () => {
		expect(isComplete(read([POST, SCHEME, PATH, ["x-a", "caf\u00e9 \u00ff"]]))).toBe(true);
	});

	test("trailers have no pseudo fields", () => {
		expect(read([["x-a", "1"]], true).malformed).toBe(false);
		expect(read([POST], true).malformed).toBe(true);
	});

	test.each([
		["application/grpc", true],
		["application/grpc+proto", true],
		["application/grpc;charset=utf-8", true],
		["APPLICATION/GRPC", true],
		["application/grpc-web", false],
		["application/grpc+json", false],
		["application/grpcx", false],
		["application/json", false],
		["", false],
	])("content-type %j: %s", (type, grpc) => {
		expect(read([["content-type", type]]).grpc).toBe(grpc);
	});
});

describe("windows", () => {
	test("give back what was taken, once it is half of them", () => {
		const window = createReceiveWindow(100);
		expect([receiveOctets(window, 49), incrementDue(window)]).toEqual([true, 0]);
		expect([receiveOctets(window, 1), incrementDue(window)]).toEqual([true, 50]);
		expect(window).toEqual({ size: 100, left: 100, taken: 0 });
		expect(receiveOctets(window, 100)).toBe(true);
		expect(receiveOctets(window, 1)).toBe(false);
	});

	test("grow to 2^31 − 1 and no further", () => {
		expect(widened(0, MAX_WINDOW)).toBe(MAX_WINDOW);
		expect(widened(1, MAX_WINDOW)).toBeUndefined();
		expect(widened(-5, 3)).toBe(-2);
	});
});

describe("settings of the peer", () => {
	const settings = (...pairs: (readonly [number, number])[]): Buffer =>
		Buffer.concat(
			pairs.map(([id, value]) => {
				const bytes = Buffer.alloc(6);
				bytes.writeUInt16BE(id, 0);
				bytes.writeUInt32BE(value, 2);
				return bytes;
			}),
		);
	const read = (bytes: Buffer): number => readInitialWindow(bytes, 0, bytes.length, 65_535);

	test("the last window counts; what is not known is passed over", () => {
		expect(read(settings())).toBe(65_535);
		expect(read(settings([4, 1], [0xf00d, 7], [4, 77], [1, 0], [3, 0], [6, 1]))).toBe(77);
		expect(read(settings([4, MAX_WINDOW]))).toBe(MAX_WINDOW);
	});

	test.each([
		["a push that is neither on nor off", [2, 2], "PROTOCOL_ERROR"],
		["a window over 2^31 − 1", [4, MAX_WINDOW + 1], "FLOW_CONTROL_ERROR"],
		["frames below 2^14", [5, 16_383], "PROTOCOL_ERROR"],
		["frames over 2^24 − 1", [5, 16_777_216], "PROTOCOL_ERROR"],
	] as const)("%s is %s", (_name, pair, code) => {
		expect(() => read(settings(pair))).toThrow(expect.objectContaining({ code }));
	});
});

describe("a budget", () => {
	test("is a burst, and then what time gives", () => {
		const budget = createBudget(10, 1000);
		for (let count = 0; count < 100; count++) expect(spend(budget, 1, 1000)).toBe(true);
		expect(spend(budget, 1, 1099)).toBe(false);
		expect([spend(budget, 2, 1200), spend(budget, 1, 1201)]).toEqual([true, false]);
		// However long it rests, it holds no more than a burst.
		for (let count = 0; count < 100; count++) expect(spend(budget, 1, 900_000)).toBe(true);
		expect(spend(budget, 1, 900_000)).toBe(false);
	});

	test("grows by work, up to the burst", () => {
		const budget = createBudget(1, 0);
		for (let count = 0; count < 10; count++) spend(budget, 1, 0);
		earn(budget, 3);
		expect([spend(budget, 3, 0), spend(budget, 1, 0)]).toEqual([true, false]);
		earn(budget, 1e9);
		expect(budget.tokens).toBe(10);
	});
});
