import React from "react";
export function App({ items }) {
  const render = (item) => <Item key={item.id} {...item} />;
  return <><Title>&lt;list&gt;</Title>{items.map(render)}</>;
}
const Lazy = React.lazy(() => import("./lazy"));
export default App;
