export function memoryLimit(read?: (file: string) => string): number | undefined;
export function memoryFlags(limit: number | undefined, processes?: number, options?: string): string[];
