export async function istio() {}
