import React, { useState, type FC } from "react";

interface Props { title: string }

export const Card: FC<Props> = ({ title, ...rest }) => {
  const [open, setOpen] = useState<boolean>(false);
  function toggle() { setOpen(!open); }
  return <section {...rest} onClick={() => toggle()}><h1>{title}</h1></section>;
};

export default class Page extends React.Component<Props, {}> {
  state = {};
  render() { return <Card title={`x${1}`} />; }
}
