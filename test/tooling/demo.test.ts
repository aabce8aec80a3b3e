import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { blocksOf } from "../support/doc-blocks.ts";
import { ROOT } from "../support/source-tree.ts";

const LIMIT_MS = 60_000;

/** Listens on a port of 127.0.0.1, as another program would. */
function occupy(port: number): Promise<() => Promise<void>> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once("error", reject);
		server.listen(port, "127.0.0.1", () => resolve(() => new Promise((done) => server.close(() => done()))));
	});
}

/** The first of five free ports in a row. */
async function fivePorts(): Promise<number> {
	for (;;) {
		const first = 20_000 + Math.floor(Math.random() * 10_000);
		const held = await Promise.allSettled([0, 1, 2, 3, 4].map((offset) => occupy(first + offset)));
		await Promise.all(held.map((one) => (one.status === "fulfilled" ? one.value() : undefined)));
		if (held.every((one) => one.status === "fulfilled")) return first;
	}
}

function start(...args: readonly string[]) {
	const child: ChildProcess = spawn(process.execPath, ["scripts/demo.mjs", ...args], {
		cwd: ROOT,
		stdio: ["ignore", "pipe", "pipe"],
	});
	let output = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream?.on("data", (chunk: Buffer) => {
			output += chunk.toString();
		});
	}
	const end = new Promise<number | null>((resolve) => child.on("close", resolve));
	return { child, end, output: () => output };
}

/** Command lines of this checkout's demo that still run. */
function leftovers(): readonly string[] {
	if (!existsSync("/proc")) return [];
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.flatMap((pid) => {
			try {
				return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
			} catch {
				return [];
			}
		})
		.filter(
			(line) =>
				line.includes(join(ROOT, ".run", "clinic")) || line.includes(join(ROOT, "examples", "clinic")),
		);
}

describe("npm run demo", () => {
	test(
		"shows every caller's view through the real Envoy, and every answer is the expected one",
		async () => {
			const port = await fivePorts();
			const demo = start("--port", String(port));
			const code = await demo.end;
			const output = demo.output();
			expect({ code, output }).toMatchObject({ code: 0 });
			expect(output).toMatch(/17 of 17 answers as expected/);
			expect(output).not.toMatch(/UNEXPECTED/);
			// Signs instead of colours where there is no terminal.
			expect(output).not.toContain("\u001b[");
			expect(output).toMatch(
				/^ {2}= {3}"email": "ada\.moreau@mail\.example", +│ {3}"email": "ada\.moreau@mail\.example",$/m,
			);
			expect(output).toMatch(/^ {2}~ {3}"number": "4111 1111 1111 1111", +│ {3}"number": "\*{15}1111"$/m);
			expect(output).toMatch(/^ {2}- {3}"ssn": "078-05-1120", +│$/m);
			expect(output).toMatch(/ai_summary": "Likely migraine\." +│$/m);
			// The README's picture is this output, not a drawing of it.
			const picture = blocksOf("README.md").find(({ language }) => language === "text");
			expect(output).toContain(picture?.text ?? "no picture in the README");
			expect(leftovers()).toEqual([]);
			const audit = readFileSync(join(ROOT, ".run", "clinic", "audit.jsonl"), "utf8");
			for (const value of ["078-05-1120", "ada.moreau", "4111", "Leeds", "eyJ"])
				expect(audit).not.toContain(value);
		},
		LIMIT_MS,
	);

	test(
		"with --keep stays until Ctrl-C, which ends every process",
		async () => {
			const port = await fivePorts();
			const demo = start("--keep", "--port", String(port));
			for (let tries = 0; tries < 600 && !demo.output().includes("Ctrl-C ends it"); tries++) await sleep(50);
			expect(demo.output()).toContain(`http://127.0.0.1:${port}/people/7`);
			expect(leftovers().length).toBeGreaterThanOrEqual(3);
			const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
			expect(await answer.text()).toBe('{"status": "ok"}');
			demo.child.kill("SIGINT");
			expect(await demo.end).toBe(0);
			expect(leftovers()).toEqual([]);
		},
		LIMIT_MS,
	);

	test.each([300, 700, 1100, 1500])(
		"that is interrupted after %i ms leaves nothing behind",
		async (delay) => {
			const demo = start("--port", String(await fivePorts()));
			await sleep(delay);
			demo.child.kill("SIGINT");
			await demo.end;
			expect(leftovers()).toEqual([]);
		},
		LIMIT_MS,
	);

	test(
		"names a port that is taken, and how to choose another; exit 3",
		async () => {
			const port = await fivePorts();
			const release = await occupy(port + 1);
			const demo = start("--port", String(port));
			const code = await demo.end;
			await release();
			expect({ code, output: demo.output() }).toMatchObject({ code: 3 });
			expect(demo.output()).toMatch(new RegExp(`port ${port + 1} \\(.*\\) is in use.*--port N`));
		},
		LIMIT_MS,
	);

	test.each(["--prot", "--port=80", "--port=x", "--port", "--keep=1", "extra"])(
		"refuses %j with its usage; exit 2",
		async (argument) => {
			const demo = start(argument);
			expect(await demo.end).toBe(2);
			expect(demo.output()).toMatch(/usage: npm run demo/);
		},
		LIMIT_MS,
	);
});
