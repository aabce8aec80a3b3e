/** Whether a text holds C0 controls or DEL. */
export function hasControls(text: string): boolean {
	for (let index = 0; index < text.length; index++) {
		const unit = text.charCodeAt(index);
		if (unit < 0x20 || unit === 0x7f) return true;
	}
	return false;
}
