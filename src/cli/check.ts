import { PosternError } from "../lib/errors.ts";
import type { Command } from "./command.ts";

export const checkCommand: Command = {
	name: "check",
	summary: "",
	help: "",
	run: async () => {
		throw new PosternError("internal", "not ready");
	},
};
