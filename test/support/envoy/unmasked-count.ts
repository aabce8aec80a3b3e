import { expect } from "@jest/globals";
import type { Mesh } from "./mesh.ts";

/** Stops `mesh`, prints how much was counted, and holds it to the promise: no unmasked byte at any caller. */
export async function closeAndCount(name: string, mesh: Mesh): Promise<void> {
	const { answers, leaked } = await mesh.close();
	process.stdout.write(`${name}: ${answers} answers through Envoy, ${leaked} unmasked marks at the caller\n`);
	expect(answers).toBeGreaterThan(0);
	expect(leaked).toBe(0);
}
