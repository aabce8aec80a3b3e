import { Client, credentials } from "@grpc/grpc-js";
import { Check, type CheckAnswer } from "./requests.ts";

/** Headers that the policies set; what a server adds of its own is its own. */
const COMPARED = ["x-auth-roles", "x-policy"];

interface Asked {
	readonly name: string;
	readonly address: string;
}

function ask(client: Client, request: Buffer): Promise<CheckAnswer> {
	return new Promise((resolve, reject) => {
		client.makeUnaryRequest(
			Check.path,
			(bytes: Buffer) => bytes,
			Check.responseDeserialize,
			request,
			(error, answer) => (answer === undefined ? reject(error) : resolve(answer)),
		);
	});
}

function told(answer: CheckAnswer): string {
	const set = (answer.okResponse?.headers ?? []).map(({ header }) => [
		header?.key ?? "",
		header?.value ?? "",
	]);
	const compared = set.filter(([name]) => COMPARED.includes(name as string)).sort();
	return JSON.stringify([answer.status?.code ?? 0, compared]);
}

/** @throws where two servers answer otherwise, or one does not allow what all are to allow. */
export async function agree(requests: readonly Buffer[], servers: readonly Asked[]): Promise<void> {
	let wanted: readonly string[] | undefined;
	for (const { name, address } of servers) {
		const client = new Client(address, credentials.createInsecure());
		try {
			const answers = await Promise.all(requests.map(async (request) => told(await ask(client, request))));
			if (!answers.every((each) => each.startsWith("[0,"))) throw new Error(`${name} denies: ${answers[0]}`);
			wanted ??= answers;
			if (answers.join() !== wanted.join())
				throw new Error(`${name} answers ${answers[0]}, the first server ${wanted[0]}`);
		} finally {
			client.close();
		}
	}
}
