/** By byte: the value of the hexadecimal digit that it is, in either case; −1 for any other. */
export const HEX_VALUE: readonly number[] = Array.from({ length: 256 }, (_, code) => {
	if (code >= 48 && code <= 57) return code - 48;
	if ((code >= 65 && code <= 70) || (code >= 97 && code <= 102)) return (code & 0x5f) - 55;
	return -1;
});
