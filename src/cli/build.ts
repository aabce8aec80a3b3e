import { PosternError } from "../lib/errors.ts";
import { buildBundle } from "../policy/bundle/build.ts";
import { DEFAULT_ENTRYPOINT } from "../policy/entrypoint.ts";
import { readDescriptorFile } from "../serve/descriptor-set.ts";
import type { Command } from "./command.ts";
import { parseFlags } from "./flags.ts";

const HELP = `usage: postern build DIR... -o FILE [-e PATH]... [--revision TEXT] [--opa COMMAND] [--json]

Compiles the policies and data of folders (or single files) into one bundle: WASM, plan and data, bound to each
other. Files ending in _test.rego and hidden files are left out. The policy library is added where a policy imports
from data.postern.lib. The same sources give the same bytes.

  -o, --output FILE      where the bundle goes; replaced in one step
  -e, --entrypoint PATH  decision path, may be repeated; ${DEFAULT_ENTRYPOINT} when absent
      --revision TEXT    name of this version, for audit records and status
      --descriptors FILE FileDescriptorSet of the gRPC services that the policy is about, with all imports
                         (protoc --include_imports --descriptor_set_out)
      --opa COMMAND      OPA's command, when it is not the one on the PATH
      --json             print what was built as JSON

exit codes: 0 built, 1 the policy does not compile, 2 usage, 3 a file or opa is missing
`;

const usage = (message: string): PosternError =>
	new PosternError("usage", `build: ${message}; \`postern build --help\` tells more`);

export const buildCommand: Command = {
	name: "build",
	summary: "policies and data → one bundle",
	help: HELP,
	async run(argv, io) {
		const { values, positionals } = parseFlags("build", argv, {
			output: { type: "string", short: "o" },
			entrypoint: { type: "string", short: "e", multiple: true },
			revision: { type: "string" },
			descriptors: { type: "string" },
			opa: { type: "string" },
			json: { type: "boolean" },
		});
		if (positionals.length === 0) throw usage("no folder with policies given");
		if (values.output === undefined) throw usage("no --output given");
		const built = await buildBundle({
			dirs: positionals,
			out: values.output,
			signal: io.signal,
			...(values.entrypoint === undefined ? {} : { entrypoints: values.entrypoint }),
			...(values.revision === undefined ? {} : { revision: values.revision }),
			...(values.descriptors === undefined
				? {}
				: { descriptors: await readDescriptorFile(values.descriptors, "--descriptors") }),
			...(values.opa === undefined ? {} : { opa: values.opa }),
		});
		for (const path of built.absent) {
			io.stderr.write(
				`postern build: no rule at ${path}; what is decided there is undefined, which denies\n`,
			);
		}
		if (values.json === true) {
			const { digest, revision, entrypoints, absent, opa } = built;
			const bytes = built.bytes.length;
			io.stdout.write(
				`${JSON.stringify({ output: values.output, digest, revision, entrypoints, absent, opa, bytes })}\n`,
			);
		} else {
			io.stdout.write(`${values.output}: ${built.entrypoints.join(", ")}, sha256 ${built.digest}\n`);
		}
		return 0;
	},
};
