export function renderEnvoyConfig(
	template: string,
	values: Readonly<Record<string, string | number>>,
): string;
export function envoyAddress(address: string): string;
