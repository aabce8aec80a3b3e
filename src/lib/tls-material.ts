/** What a TLS server shows and whom it believes, PEM. One value, so that a pair is never half old and half new. */
export interface TlsMaterial {
	readonly certificate: string;
	readonly key: string;
	readonly clientCa?: string;
}

/** The material in force, and its changes. */
export interface TlsMaterials {
	current(): TlsMaterial;
	/**
	 * Told of every change after it took effect in `current`; `authorities`: whom to believe changed, too.
	 * @returns stops telling.
	 */
	onChange(listener: (material: TlsMaterial, authorities: boolean) => void): () => void;
}
