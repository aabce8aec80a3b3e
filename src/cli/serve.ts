import { PosternError } from "../lib/errors.ts";
import type { Command } from "./command.ts";

export const serveCommand: Command = {
	name: "serve",
	summary: "",
	help: "",
	run: async () => {
		throw new PosternError("internal", "not ready");
	},
};
