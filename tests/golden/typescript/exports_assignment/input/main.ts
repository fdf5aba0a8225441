class Legacy { m() {} }
export = Legacy;
