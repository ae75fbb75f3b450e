/**
 * What is known of an xds-server or an agent by its signs of life: `given`; `silent`: none for a while, it is named and not waited for; `gone`:
 * none for so long that nobody reckons with it, until it gives one again.
 */
export type SignOfLife = 'given' | 'silent' | 'gone';
