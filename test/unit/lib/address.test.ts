import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { formatAddress, parseAddress, resolveAddress } from "../../../src/lib/address.ts";

test.each([
	["127.0.0.1:9191", { kind: "tcp", host: "127.0.0.1", port: 9191, loopback: true }],
	["127.8.8.8:1", { kind: "tcp", host: "127.8.8.8", port: 1, loopback: true }],
	["[::1]:0", { kind: "tcp", host: "::1", port: 0, loopback: true }],
	["localhost:80", { kind: "tcp", host: "localhost", port: 80, loopback: true }],
	["0.0.0.0:9191", { kind: "tcp", host: "0.0.0.0", port: 9191, loopback: false }],
	["[::]:9191", { kind: "tcp", host: "::", port: 9191, loopback: false }],
	["[::ffff:127.0.0.1]:1", { kind: "tcp", host: "::ffff:127.0.0.1", port: 1, loopback: false }],
	["localhost.evil.example:80", { kind: "tcp", host: "localhost.evil.example", port: 80, loopback: false }],
	["unix:///run/p.sock", { kind: "unix", path: "/run/p.sock" }],
	["unix:p.sock", { kind: "unix", path: "p.sock" }],
])("%s is read", (text, address) => {
	expect(parseAddress(text)).toEqual(address);
});

test.each([
	"",
	":9191",
	"127.0.0.1",
	"127.0.0.1:65536",
	"127.0.0.1:-1",
	"127.0.0.1:1e3",
	"127.0.0.1:80 ",
	"127.0.0.256:80",
	"127.1:80",
	"::1:80",
	"[127.0.0.1]:80",
	"[::1%lo]:80",
	"http://127.0.0.1:80",
	"unix:",
	"unix://host/path",
	"unix:a\0b",
	"-x:80",
])("%j is refused", (text) => {
	expect(parseAddress(text)).toBeUndefined();
});

test("what is read is written back as something that reads the same", () => {
	fc.assert(
		fc.property(
			fc.oneof(
				fc.ipV4(),
				fc.ipV6().map((ip) => `[${ip}]`),
				fc.domain(),
			),
			fc.nat(65_535),
			(host, port) => {
				const address = parseAddress(`${host}:${port}`);
				if (address !== undefined) expect(parseAddress(formatAddress(address))).toEqual(address);
			},
		),
	);
});

test("a relative socket resolves against a folder, everything else stays", () => {
	expect(resolveAddress("unix:run/p.sock", "/etc/postern")).toBe("unix:///etc/postern/run/p.sock");
	expect(resolveAddress("unix:///run/p.sock", "/etc/postern")).toBe("unix:///run/p.sock");
	expect(resolveAddress("127.0.0.1:1", "/etc/postern")).toBe("127.0.0.1:1");
});
