import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { goProblems, runGo } from "./go.mjs";
import { KUBERNETES } from "./pins.mjs";
import { BIN, TEMP } from "./places.mjs";
import { isOwnFile, knownVersion, remember } from "./state.mjs";

const LIMIT_MS = 40 * 60_000;

/** The programs, with the versions that they answer. */
const PROGRAMS = {
	"kube-apiserver": { version: KUBERNETES.version, pattern: /^Kubernetes v(\S+)/m },
	etcd: { version: KUBERNETES.etcd, pattern: /^etcd Version: (\S+)/m },
};

/** @param {string} folder @param {string} name */
async function isRight(folder, name) {
	const { ok, output } = await run(join(folder, name), ["--version"]);
	return ok && PROGRAMS[name].pattern.exec(output)?.[1] === PROGRAMS[name].version;
}

/**
 * A go.mod in which Kubernetes is a dependency, which it is not made for: the modules that it takes from its own folders
 * are named by version. Go's checksum database guards them all.
 */
function moduleText() {
	const { version, staging, stagingVersion, etcd, go } = KUBERNETES;
	const replaced = staging.map((name) => `\tk8s.io/${name} => k8s.io/${name} v${stagingVersion}`);
	return `module postern.example/kubernetes

go ${go.join(".")}

require (
	k8s.io/kubernetes v${version}
	go.etcd.io/etcd/server/v3 v${etcd}
)

replace (
${replaced.join("\n")}
)
`;
}

/** The API server of Kubernetes, and etcd, which it keeps its objects in. */
export const kubernetes = {
	label: `kube-apiserver ${KUBERNETES.version} and etcd ${KUBERNETES.etcd}`,
	verb: "building from source, ten minutes and more",

	ready() {
		return Object.entries(PROGRAMS).every(([name, { version }]) => knownVersion(name) === version);
	},

	async adopt() {
		for (const [name, { version }] of Object.entries(PROGRAMS)) {
			if (!isOwnFile(name) || !(await isRight(BIN, name))) return false;
			remember(name, version);
		}
		return true;
	},

	problems() {
		return goProblems(
			KUBERNETES.go,
			`it builds the API server. Install Go ${KUBERNETES.go.join(".")} or newer from your system or go.dev/dl.`,
		);
	},

	/** @param {AbortSignal} signal */
	async install(signal) {
		const folder = join(TEMP, "kubernetes");
		const out = join(folder, "bin");
		mkdirSync(out, { recursive: true });
		writeFileSync(join(folder, "go.mod"), moduleText());
		const [major, minor] = KUBERNETES.version.split(".");
		const told = { gitVersion: `v${KUBERNETES.version}`, gitMajor: major, gitMinor: minor };
		const flags = Object.entries(told).map(
			([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`,
		);
		const packages = ["k8s.io/kubernetes/cmd/kube-apiserver", "go.etcd.io/etcd/server/v3"];
		const args = ["build", `-ldflags=-s -w ${flags.join(" ")}`, "-o", `${out}/`, ...packages];
		// The checksums that go.mod has no file for yet are asked for.
		const result = await runGo(args, folder, {
			signal,
			timeoutMs: LIMIT_MS,
			flags: "-mod=mod -buildvcs=false",
		});
		if (!result.ok) throw new Error(`go build of kube-apiserver and etcd failed:\n${result.tail}`);
		renameSync(join(out, "server"), join(out, "etcd"));
		mkdirSync(BIN, { recursive: true });
		for (const [name, { version }] of Object.entries(PROGRAMS)) {
			if (!(await isRight(out, name))) throw new Error(`the ${name} that Go built is not ${version}.`);
			renameSync(join(out, name), join(BIN, name));
			remember(name, version);
		}
	},
};
