import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ROOT } from "../../support/source-tree.ts";

test("the admin port does not bring all of Node's fetch along", () => {
	const look = `await import(${JSON.stringify(join(ROOT, "src/admin/http.ts"))});
		console.log(process.moduleLoadList.filter((name) => /undici|NativeModule http$/.test(name)).join())`;
	const { stdout, stderr } = spawnSync(
		join(ROOT, ".tools", "bin", "node"),
		["--no-warnings", "--input-type=module", "--eval", look],
		{ encoding: "utf8" },
	);
	expect(stderr).toBe("");
	expect(stdout.trim()).toBe("NativeModule http");
});
