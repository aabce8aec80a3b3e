import { pack } from "../../src/policy/bundle/pack.ts";
import { unpack } from "../../src/policy/bundle/unpack.ts";
import { bundleOf } from "./policy.ts";

/** The bundle of a policy with its module replaced, the binding gone. */
export async function changedBundle(rules: string, change: (wasm: Buffer) => Uint8Array): Promise<Buffer> {
	const files = new Map(await unpack((await bundleOf(rules)).bytes, 1 << 26));
	files.set("policy.wasm", Buffer.from(change(files.get("policy.wasm") as Buffer)));
	files.set(".manifest", Buffer.from('{"revision":"","roots":[""],"rego_version":1}'));
	files.delete("plan.json");
	return Buffer.from(await pack(files));
}

/** As a tool leaves it that takes away the names of functions, one at least. */
export function withoutNames(wasm: Buffer): Buffer {
	const renamed = Buffer.from(wasm);
	for (let at = renamed.indexOf("opa_value_iter"); at >= 0; at = renamed.indexOf("opa_value_iter", at)) {
		renamed.write("xxx", at);
	}
	return renamed;
}
