const a = <T>(x: T) => x;
const b = <any>value;
function f<T>() { return <T>{}; }
class After {}
