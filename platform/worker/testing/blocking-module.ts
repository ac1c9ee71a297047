/** A module that blocks whoever imports it. */
export function never(): void {}

for (;;);
