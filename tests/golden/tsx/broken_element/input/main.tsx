function before() {}
const a = <div><span></div>;
export function after() {}
