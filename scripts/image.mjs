/**
 * `npm run image -- --build-image REF --base-image REF [--tag TAG]`: builds the image with whichever of buildah, podman
 * and docker is there. Both references name a digest, so that the same sources make the same image.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findProgram } from "./setup/find-program.mjs";
import { ROOT } from "./setup/places.mjs";

const USAGE = `usage: npm run image -- --build-image NAME@sha256:… --base-image NAME@sha256:… [--tag postern:VERSION]

  --build-image  Node 24 with npm, such as node:24-bookworm-slim
  --base-image   /nodejs/bin/node without a shell, such as distroless nodejs24-debian12, by digest
  --tag          name of the image
`;

const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/**
 * The command that builds.
 *
 * @param {{ program: string, buildImage: string, baseImage: string, tag: string, more?: readonly string[] }} options
 * @returns {string[]}
 */
export function buildCommand({ program, buildImage, baseImage, tag, more = [] }) {
	const git = (...args) =>
		spawnSync("git", args, { cwd: ROOT, encoding: "utf8" }).stdout?.trim() || "unknown";
	const npmrc = join(homedir(), ".npmrc");
	const authorities = process.env.NODE_EXTRA_CA_CERTS ?? "";
	const secrets = [
		...(existsSync(npmrc) ? ["--secret", `id=npmrc,src=${npmrc}`] : []),
		...(authorities !== "" && existsSync(authorities)
			? ["--secret", `id=authorities,src=${authorities}`]
			: []),
	];
	const values = {
		BUILD_IMAGE: buildImage,
		BASE_IMAGE: baseImage,
		VERSION: version,
		REVISION: git("rev-parse", "HEAD"),
		// The commit's time, so that the same commit makes the same image.
		CREATED: git("log", "-1", "--format=%cI"),
	};
	return [
		...(program === "buildah" ? ["bud", "--layers=false"] : ["build"]),
		...more,
		"--file",
		join(ROOT, "deploy", "image", "Dockerfile"),
		...Object.entries(values).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
		...secrets,
		"--tag",
		tag,
		ROOT,
	];
}

function main() {
	const { values } = parseArgs({
		options: {
			"build-image": { type: "string" },
			"base-image": { type: "string" },
			tag: { type: "string", default: `postern:${version}` },
		},
	});
	const names = [values["build-image"], values["base-image"]];
	if (!names.every((name) => /@sha256:[0-9a-f]{64}$/.test(name ?? ""))) {
		process.stderr.write(`image: both images are given by digest\n\n${USAGE}`);
		process.exit(2);
	}
	const program = ["buildah", "podman", "docker"].find((name) => findProgram(name) !== undefined);
	if (program === undefined) {
		process.stderr.write("image: none of buildah, podman and docker is on the PATH\n");
		process.exit(3);
	}
	const [buildImage, baseImage] = names;
	const args = buildCommand({ program, buildImage, baseImage, tag: values.tag });
	process.exit(spawnSync(program, args, { stdio: "inherit" }).status ?? 3);
}

if (process.argv[1] === join(ROOT, "scripts", "image.mjs")) main();
