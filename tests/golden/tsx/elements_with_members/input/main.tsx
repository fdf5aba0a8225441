const a = <ns.Component<string> attr={<b/>} x:y="z" />;
function Wrapped() { return <a.b.c>text</a.b.c>; }
