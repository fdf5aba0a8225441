export const identity = <T,>(x: T): T => x;
const two = <T extends object>(x: T) => <div>{String(x)}</div>;
