export const Memo = React.memo(function Inner() { return <b/>; });
export const Ref = forwardRef<HTMLDivElement, {}>((props, ref) => <div ref={ref} />);
