import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ROOT } from "../support/source-tree.ts";

test("the generated pages are what the program says of itself", () => {
	const check = () =>
		execFileSync(process.execPath, [join(ROOT, "scripts", "generated-docs.ts"), "--check"], {
			encoding: "utf8",
			stdio: "pipe",
		});
	expect(check).not.toThrow();
});
